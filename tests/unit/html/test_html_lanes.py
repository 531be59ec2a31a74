"""The smallest case as lanes: what becomes a lane, where yours departs, what a picture leaves out."""

from __future__ import annotations

from report_samples import FORWARD, GRADIENT

from grader.model import Counterexample
from grader.report.html.lanes import Answer, lay_out
from grader.report.html.picture import draw


def names(strip):
    return [lane.name for lane in strip.lanes]


def test_states_and_what_is_computed_on_the_way_stand_in_the_order_of_the_computation():
    (strip,) = lay_out("bptt_gradients", GRADIENT.counterexample).strips
    assert names(strip) == ["X", "S", "Y", "T", "error", "delta"]
    assert strip.lane("error").heading == "Y - T"


def test_what_the_likely_cause_gives_is_not_called_yours():
    (strip,) = lay_out("bptt_gradients", GRADIENT.counterexample).strips
    assert (strip.lane("delta").told, strip.lane("delta").yours[1]) == (False, ("0.5", "-2.5"))
    (strip,) = lay_out("forward", FORWARD.counterexample).strips
    assert strip.lane("Y").told


def test_a_diagnosis_says_where_it_departs():
    (strip,) = lay_out("bptt_gradients", GRADIENT.counterexample).strips
    assert (strip.departs.lane, strip.departs.step) == ("delta", 1)


def test_without_a_diagnosis_the_first_difference_in_time_is_the_departure():
    example = Counterexample({"X": [[1.0], [1.0]]}, [[1.0], [2.0]], [[1.0], [0.5]])
    (strip,) = lay_out("count_targets", example).strips
    assert names(strip) == ["X", "T"]
    assert (strip.departs.lane, strip.departs.step, strip.departs.sequence) == ("T", 1, 0)


def test_noise_of_rounding_is_no_difference():
    example = Counterexample({"X": [[1.0, 1.0]]}, [[1.0, 0.1]], [[2.0, 0.1 + 1e-8]])
    (strip,) = lay_out("count_targets", example).strips
    assert [strip.lane("T").differs(0, n) for n in (0, 1)] == [True, False]


def test_a_number_for_a_number_is_one_box():
    (strip,) = lay_out("relu", Counterexample({"S": -1.0}, 0.0, -0.01)).strips
    assert [(lane.name, lane.right, lane.yours) for lane in strip.lanes] == [
        ("S", (("-1",),), None),
        ("Y", (("0",),), (("-0.01",),)),
    ]
    assert strip.index == ""


def test_what_is_no_matrix_or_has_another_shape_stays_text():
    case = lay_out("forward", Counterexample({"X": [[1.0]], "Wxs": 1.0}, {"S": [[1.0]]}, "raises IndexError: no"))
    assert case.given == (("Wxs", "1"),)
    assert case.answers == (Answer("", "S = [[1]]", "raises IndexError: no"),)
    assert lay_out("count_targets", Counterexample({"X": [[1.0]]}, [[1.0]], [[1.0, 2.0]])).answers[0].differs


def test_updates_are_a_strip_of_their_own_and_right_losses_none():
    updates = {"Wxs": [[0.5], [0.6]], "Wrec": [[0.5], [0.7]], "L": [[1.0], [0.5]]}
    example = Counterexample(
        {"X": [[1.0], [0.0]], "T": [[1.0], [1.0]], "l_r": 0.1, "n_iter": 1},
        {"Wxs": 0.6, "losses": [1.0]},
        {"Wxs": 0.5, "losses": [1.0]},
        {
            "updates": updates,
            "yours": {"updates": {**updates, "Wxs": [[0.5], [0.5]]}},
            "departs": {"i": 1, "column": "Wxs"},
        },
    )
    case = lay_out("train", example)
    assert [(strip.index, names(strip)) for strip in case.strips] == [("k", ["X", "T"]), ("i", ["Wxs", "Wrec", "L"])]
    assert [strip.departs and (strip.departs.lane, strip.departs.step) for strip in case.strips] == [None, ("Wxs", 1)]
    assert [answer.name for answer in case.answers] == ["Wxs", "losses"]


def test_wrong_losses_stand_update_by_update():
    example = Counterexample({"X": [[1.0]], "n_iter": 1}, {"losses": [1.0, 0.5]}, {"losses": [0.5, 0.25]})
    strip = lay_out("train", example).strips[-1]
    assert (strip.index, names(strip), strip.departs.step) == ("i", ["losses"], 0)


def test_a_large_case_shows_the_surroundings_of_the_departure_and_says_what_is_missing():
    right = [[float(k)] * 9 for k in range(40)]
    yours = [[*row] for row in right]
    yours[25][7] = -1.0
    (strip,) = lay_out("count_targets", Counterexample({"X": [[1.0] * 9] * 40}, right, yours)).strips
    assert (strip.steps, strip.first, len(strip.sequences)) == (12, 19, 4)
    assert strip.sequences[strip.departs.sequence] == 7
    assert strip.first + strip.departs.step == 25
    assert strip.left_out == "28 more steps, 5 more sequences"
    assert strip.lane("T").yours[strip.departs.step][strip.departs.sequence] == "-1"


def test_boxes_neither_overlap_nor_leave_the_picture():
    for example, check in ((GRADIENT.counterexample, "bptt_gradients"), (FORWARD.counterexample, "forward")):
        for strip in lay_out(check, example).strips:
            for picture in draw(strip):
                boxes = picture.boxes
                assert all(box.x + box.width <= picture.width and box.y + box.height <= picture.height for box in boxes)
                assert not [
                    (a, b)
                    for i, a in enumerate(boxes)
                    for b in boxes[:i]
                    if abs(a.x - b.x) < a.width and (a.y < b.y + b.height and b.y < a.y + a.height)
                ]


def test_only_the_network_has_arrows():
    (strip,) = lay_out("forward", FORWARD.counterexample).strips
    assert [len(picture.arrows) for picture in draw(strip)] == [3 + 3 + 2] * 2
    (strip,) = lay_out("count_targets", Counterexample({"X": [[1.0]]}, [[1.0]], [[0.0]])).strips
    assert draw(strip)[0].arrows == ()

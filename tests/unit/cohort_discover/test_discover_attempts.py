"""Of several files by one student the latest attempt counts; the rest is listed, and a guess goes to a person."""

from __future__ import annotations

import os

import pytest
from discover_kit import CORRECT, NOTEBOOK, by_student, entry, put, texts, zipped

from grader.cohort.attempts import _DEFINES
from grader.cohort.discover import discover
from grader.cohort.handins import Handed, Unreadable
from grader.contract import FUNCTIONS
from grader.load import load_program

OLD, NEW = "# old\n" + CORRECT, "# new\n" + CORRECT
EARLY, LATE = (2026, 3, 1, 12, 0, 0), (2026, 3, 2, 8, 30, 0)


def the_only(cohort):
    (hand_in,) = cohort.submissions
    return hand_in


def test_canvas_s_later_attachment_counts(tmp_path):
    files = (("lee_32_300_hw-1.py", NEW), ("lee_32_208_hw.py", OLD))
    with discover([put(tmp_path / "c.zip", zipped(*files))]) as cohort:
        assert texts(cohort) == {"32": NEW}
        assert the_only(cohort).review == ()
        assert the_only(cohort).ids.attachment == "300"
        assert (the_only(cohort).outcome.attempt.attachment, the_only(cohort).outcome.attempt.number) == (300, 1)
        (dropped,) = cohort.dropped
        assert (dropped.student, dropped.shown.rpartition("/")[2]) == ("32", "lee_32_208_hw.py")
        assert dropped.reason == "an earlier attempt than hw-1.py (attachment 300), which is graded"


def test_the_attachment_s_number_is_compared_as_a_number(tmp_path):
    files = (("lee_32_99_hw.py", OLD), ("lee_32_100_hw-1.py", NEW))
    with discover([put(tmp_path / "c.zip", zipped(*files))]) as cohort:
        assert texts(cohort) == {"32": NEW}


def test_two_of_canvas_s_downloads_give_the_later_attempt(tmp_path):
    first = put(tmp_path / "1.zip", zipped(("lee_32_208_hw.py", OLD), ("smith_31_207_hw.py", CORRECT)))
    second = put(tmp_path / "2.zip", zipped(("lee_LATE_32_300_hw-1.py", NEW)))
    for order in ([first, second], [second, first]):
        with discover(order) as cohort:
            assert texts(cohort) == {"31": CORRECT, "32": NEW}
            assert by_student(cohort)["32"].late


def test_a_file_s_own_number_is_no_attempt_without_the_file_it_would_replace(tmp_path):
    files = (("lee_32_208_part-1.py", OLD), ("lee_32_209_part-2.py", NEW))
    with discover([put(tmp_path / "c.zip", zipped(*files))]) as cohort:
        assert texts(cohort) == {"32": NEW}
        assert "attempts at one file or several files: part-1.py, part-2.py" in the_only(cohort).review[0]


def test_the_zip_s_own_time_decides_between_two_files(tmp_path):
    files = ((entry("anna/v1.py", time=LATE), NEW), (entry("anna/v2.py", time=EARLY), OLD))
    with discover([put(tmp_path / "class.zip", zipped(*files))]) as cohort:
        assert texts(cohort) == {"anna": NEW}
        assert the_only(cohort).review  # the names differ: a person should look
        assert "handed in before v1.py (2026-03-02 08:30:00)" in cohort.dropped[0].reason


def test_a_file_system_s_time_decides_nothing(tmp_path):
    first, second = put(tmp_path / "class" / "anna" / "a.py", OLD), put(tmp_path / "class" / "anna" / "b.py", NEW)
    graded = []
    for newer, older in ((first, second), (second, first)):
        os.utime(older, (1e9, 1e9))
        os.utime(newer, (1.7e9, 1.7e9))
        with discover([tmp_path / "class"]) as cohort:
            graded.append(texts(cohort)["anna"])
            assert "which of these is the submission: a.py, b.py" in the_only(cohort).review[0]
    assert graded[0] == graded[1]


def test_moodle_s_times_are_those_of_the_download_so_a_person_looks(tmp_path):
    home = "Ben Lee_413_assignsubmission_file/"
    files = ((entry(home + "one.py", time=EARLY), OLD), (entry(home + "two.py", time=LATE), NEW))
    with discover([put(tmp_path / "m.zip", zipped(*files))]) as cohort:
        assert len(cohort.dropped) == 1
        assert "one.py, two.py" in the_only(cohort).review[0]


@pytest.mark.parametrize(("times", "review"), [((EARLY, EARLY), True), ((EARLY, LATE), False), ((LATE, EARLY), False)])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_in_a_zip_is_two_attempts_and_a_tie_is_for_a_person(tmp_path, times, review):
    files = ((entry("anna/hw.py", time=times[0]), OLD), (entry("anna/hw.py", time=times[1]), NEW))
    with discover([put(tmp_path / "class.zip", zipped(*files))]) as cohort:
        assert texts(cohort) == {"anna": OLD if times[0] > times[1] else NEW}
        assert bool(the_only(cohort).review) == review
        assert len(cohort.dropped) == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_bytes_twice_are_no_question(tmp_path):
    with discover(
        [put(tmp_path / "c.zip", zipped(("anna/hw.py", OLD), ("anna/hw.py", OLD), ("anna/copy.py", OLD)))]
    ) as cohort:
        assert the_only(cohort).review == ()
        assert {"the same bytes" in dropped.reason for dropped in cohort.dropped} == {True}


def test_names_that_differ_in_unicode_form_alone_are_one(tmp_path):
    files = ((entry("u\u0308bung/hw.py", time=EARLY), OLD), (entry("\u00fcbung/hw.py", time=LATE), NEW))
    with discover([put(tmp_path / "class.zip", zipped(*files))]) as cohort:
        assert texts(cohort) == {"\u00fcbung": NEW}


def test_a_file_that_another_imports_is_no_candidate(tmp_path):
    files = (("lee_32_1_zz_main.py", "import tools\n" + CORRECT), ("lee_32_9_tools.py", CORRECT))
    with discover([put(tmp_path / "c.zip", zipped(*files))]) as cohort:
        assert texts(cohort) == {"32": "import tools\n" + CORRECT}
        assert (the_only(cohort).review, cohort.dropped) == ((), ())


def test_modules_beside_a_notebook_come_along_by_the_names_they_had(tmp_path):
    files = (("lee_32_8_hw-1.ipynb", NOTEBOOK), ("lee_32_9_helper-1.py", "x = 1\n"), ("smith_31_7_helper.py", CORRECT))
    for given in (put(tmp_path / "c.zip", zipped(*files)), tmp_path / "unpacked"):
        for name, content in files:
            put(tmp_path / "unpacked" / name, content)
        with discover([given]) as cohort:
            outcome = by_student(cohort)["32"].outcome
            program = load_program(outcome.path, exclude=outcome.exclude)
            assert [companion.source for companion in program.companions] == ["x = 1\n"]
            assert by_student(cohort)["32"].review == ()


def test_a_file_without_the_exercise_in_it_is_left_out(tmp_path):
    put(tmp_path / "class" / "anna" / "hw.py", CORRECT)
    put(tmp_path / "class" / "anna" / "plots.py", "print('a plot')\n")
    with discover([tmp_path / "class"]) as cohort:
        assert texts(cohort) == {"anna": CORRECT}
        assert the_only(cohort).review == ()
        assert [dropped.reason for dropped in cohort.dropped] == ["nothing of the exercise is in it"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_exercise_is_known_by_each_of_its_functions(name):
    assert _DEFINES.search(f"def {name}(x):")


def test_what_lies_nearer_the_top_comes_first(tmp_path):
    put(tmp_path / "class" / "anna" / "hw.py", NEW)
    put(tmp_path / "class" / "anna" / "old" / "hw.py", OLD)
    with discover([tmp_path / "class"]) as cohort:
        assert texts(cohort) == {"anna": NEW}


@pytest.mark.parametrize("source", ["folder", "canvas"])
def test_another_submission_deeper_is_listed_and_for_a_person(tmp_path, source):
    files = (("rnn.py", OLD), ("final/rnn.py", NEW), ("final/copy.py", OLD), ("final/plots.py", "print(1)\n"))
    if source == "canvas":
        put(tmp_path / "class" / "lee_32_208_hw.zip", zipped(*files))
        put(tmp_path / "class" / "smith_31_207_hw.py", CORRECT)
    for name, content in files if source == "folder" else ():
        put(tmp_path / "class" / "32" / name, content)
    with discover([tmp_path / "class"]) as cohort:
        assert texts(cohort)["32"] == OLD
        assert by_student(cohort)["32"].review == ("another file deeper: final/rnn.py; graded: rnn.py",)
        reasons = {dropped.shown.rpartition("/")[2]: dropped.reason for dropped in cohort.dropped}
        assert reasons.keys() == {"rnn.py", "copy.py", "plots.py"}
        assert reasons["rnn.py"].startswith("deeper in the folders than rnn.py")
        assert reasons["copy.py"].startswith("the same bytes as rnn.py")


@pytest.mark.parametrize(
    ("main", "deeper"),
    [
        ("from net.rnn import forward\n", {"net/rnn.py": CORRECT}),
        ("from net import forward\n", {"net/__init__.py": "from .rnn import *\n", "net/rnn.py": CORRECT}),
        ("import sys\nsys.path.append('net')\nimport rnn\n", {"net/rnn.py": "import tool\n", "net/tool.py": CORRECT}),
    ],
)
def test_what_the_submission_imports_from_deeper_is_a_part_of_it(tmp_path, main, deeper):
    put(tmp_path / "class" / "anna" / "hw.py", main + CORRECT)
    for name, content in deeper.items():
        put(tmp_path / "class" / "anna" / name, content)
    with discover([tmp_path / "class"]) as cohort:
        assert (the_only(cohort).review, cohort.dropped) == ((), ())


def test_a_library_handed_in_as_well_is_told_in_a_few_lines(tmp_path):
    files = {"hw.py": OLD, **{f"lib/m{n:03}.py": "x = 1\n" for n in range(300)}}
    for name, content in files.items():
        put(tmp_path / "class" / "anna" / name, content)
    with discover([tmp_path / "class"]) as cohort:
        assert the_only(cohort).review == ()
        assert len(cohort.dropped) == 21
        assert cohort.dropped[-1].reason == "nothing of the exercise is in it, nor in 279 more"


def test_what_only_another_deeper_file_imports_is_no_part_of_the_submission(tmp_path):
    for name, content in {"hw.py": OLD, "final/run.py": "import rnn\n", "final/rnn.py": NEW}.items():
        put(tmp_path / "class" / "anna" / name, content)
    with discover([tmp_path / "class"]) as cohort:
        assert the_only(cohort).review == ("another file deeper: final/rnn.py; graded: hw.py",)


def test_a_later_attempt_that_cannot_be_read_is_not_replaced_by_an_earlier_one(tmp_path):
    broken = zipped(("hw.py", NEW))[:40]
    files = (("lee_32_300_hw-1.zip", broken), ("lee_32_208_hw.zip", zipped(("hw.py", OLD))))
    with discover([put(tmp_path / "c.zip", zipped(*files))]) as cohort:
        assert isinstance(the_only(cohort).outcome, Unreadable)
        assert "hw-1.zip" in the_only(cohort).outcome.shown
        assert [dropped.shown.rpartition("/")[2] for dropped in cohort.dropped] == ["lee_32_208_hw.zip"]


def test_a_zip_that_cannot_be_read_beside_a_file_that_can_is_for_a_person(tmp_path):
    files = (("lee_32_300_all.zip", b"no zip"), ("lee_32_208_hw.py", OLD))
    with discover([put(tmp_path / "c.zip", zipped(*files))]) as cohort:
        assert texts(cohort) == {"32": OLD}
        assert "all.zip could not be read" in the_only(cohort).review[0]


# ---------------------------------------------------------------------------- nobody imports from another
THIEF = "import ben\nimport cleo\n" + CORRECT


@pytest.fixture
def shared(tmp_path):
    put(tmp_path / "class" / "anna.py", THIEF)
    put(tmp_path / "class" / "ben.py", CORRECT)
    put(tmp_path / "class" / "cleo" / "__init__.py", CORRECT)
    put(tmp_path / "class" / "cleo" / "hw.py", CORRECT)
    return tmp_path / "class"


def test_without_care_another_s_file_is_imported(shared):
    """The control for the test below."""
    assert {companion.name for companion in load_program(shared / "anna.py").companions} == {"ben", "cleo", "cleo.hw"}


def test_nobody_imports_another_s_file(shared):
    with discover([shared]) as cohort:
        outcome = by_student(cohort)["anna"].outcome
        assert load_program(outcome.path, exclude=outcome.exclude).companions == ()
    with discover([put(shared.parent / "class.zip", zipped(("anna.py", THIEF), ("ben.py", CORRECT)))]) as cohort:
        outcome = by_student(cohort)["anna"].outcome
        assert load_program(outcome.path, exclude=outcome.exclude).companions == ()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_to_another_s_file_hands_nothing_in(tmp_path):
    put(tmp_path / "class" / "anna.py")
    put(tmp_path / "class" / "ben" / "hw.py")
    (tmp_path / "class" / "thief.py").symlink_to("anna.py")
    (tmp_path / "class" / "cleo").mkdir()
    (tmp_path / "class" / "cleo" / "hw.py").symlink_to("../ben/hw.py")
    (tmp_path / "class" / "dora").symlink_to("ben")
    put(tmp_path / "class" / "ed" / "final.py")
    (tmp_path / "class" / "ed" / "hw.py").symlink_to("final.py")
    with discover([tmp_path / "class"]) as cohort:
        found = by_student(cohort)
        assert {key for key, one in found.items() if isinstance(one.outcome, Handed)} == {"anna", "ben", "ed"}
        assert "link" in found["cleo"].outcome.reason
        assert "link" in found["thief"].outcome.reason

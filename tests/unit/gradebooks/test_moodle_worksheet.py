"""Which cells of a grading worksheet change, and which never do."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

UNIT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(UNIT), str(UNIT.parent / "hostile")]

from hostile_texts import HOSTILE_TEXTS, found  # noqa: E402 - found by the line above
from moodle_site import GRADE, HEADERS, Person, Site, read_csv  # noqa: E402
from report_samples import FORWARD, GRADIENT, SAMPLES, SECRET, WHO, overruled, report  # noqa: E402

from grader.cohort.notes import Note  # noqa: E402
from grader.errors import UsageError  # noqa: E402
from grader.gradebooks.exact_csv import read  # noqa: E402
from grader.gradebooks.moodle_columns import Named  # noqa: E402
from grader.gradebooks.moodle_comment import LIMIT_BYTES, to_comment  # noqa: E402
from grader.gradebooks.moodle_feedback import feedback_zip  # noqa: E402
from grader.gradebooks.moodle_worksheet import Wishes, fill_worksheet  # noqa: E402
from grader.model import Diagnosis, Notice  # noqa: E402
from grader.publish.told import CUT  # noqa: E402
from grader.result import FEEDBACK_LEVELS  # noqa: E402

FAILED = SAMPLES["failed"]
POINTS = "67.12"


def mark(number, name, made=FAILED, **changes):
    """What `read_marks` tells of somebody from a Moodle download."""
    outcome = made.outcome
    facts = {
        "student": str(number),
        "called": str(number),
        "note": Note(name, "moodle", str(number), f"{name}_{number}_assignsubmission_file"),
        "outcome": outcome,
        "total": made.score,
        "max_total": made.max_score,
        "report": made,
        "feedback": "trace",
        "page": Path("/nowhere"),
        "doubts": (),
    }
    return SimpleNamespace(**facts | changes)


def people(**changes):
    return Site({7: Person("Ana Ruiz", **changes), 8: Person("Bo Li")})


def fill(content, marks, **wishes):
    return fill_worksheet(read(content, "w.csv"), "w.csv", marks, Wishes(**wishes))


# ---------------------------------------------------------------------------- what Moodle then says
def test_a_mark_becomes_a_grade_and_a_comment():
    site = people()
    filled = fill(site.worksheet(), [mark(7, "Ana Ruiz")])
    assert (filled.grades, filled.comments, filled.same, filled.left, filled.without) == (1, 1, 0, (), 1)
    done = site.import_worksheet(filled.content)
    assert done.grades == done.comments == {7}
    assert site.people[7].grade == float(POINTS)
    assert "✗ FAIL bptt_gradients" in site.people[7].comment


@pytest.mark.parametrize("outcome", ["unreadable", "ungraded", "missing"])
def test_without_a_mark_nothing_becomes_a_zero(outcome):
    content = people().worksheet()
    made = SAMPLES["unreadable" if outcome == "missing" else outcome]
    filled = fill(content, [mark(7, "Ana Ruiz", made, outcome=outcome)])
    assert filled.content == content
    assert [(left.name, left.why) for left in filled.left] == [("Ana Ruiz", f"no mark: {outcome}")]


def test_another_grade_stays_and_is_told_until_it_is_to_be_replaced():
    site = people(grade=12.5, modified=1_780_000_000)
    content = site.worksheet()
    kept = fill(content, [mark(7, "Ana Ruiz")])
    assert kept.content == content
    assert [left.why for left in kept.left] == [f"graded 12.50 there, {POINTS} here: --overwrite replaces it"]
    replaced = fill(content, [mark(7, "Ana Ruiz")], overwrite=True)
    assert [one.name for one in replaced.again] == ["Ana Ruiz"]
    assert site.import_worksheet(replaced.content).grades == {7}
    assert site.people[7].grade == float(POINTS)


def test_the_same_grade_in_other_digits_is_not_touched():
    content = people(grade=65.0, modified=1_780_000_000).worksheet()
    filled = fill(content, [mark(7, "Ana Ruiz", replace(FAILED, score=Fraction(65)))], comments=False)
    assert (filled.content, filled.same, filled.grades) == (content, 1, 0)


def test_a_person_s_comment_stays_and_is_told_until_it_is_to_be_replaced():
    site = people(comment="<p>Well done, see me.</p>")
    filled = fill(site.worksheet(), [mark(7, "Ana Ruiz")])
    assert [left.why for left in filled.left] == ["another comment is there: --overwrite replaces it"]
    assert (filled.grades, filled.comments) == (1, 0)
    assert site.import_worksheet(filled.content).comments == set()
    assert fill(site.worksheet(), [mark(7, "Ana Ruiz")], overwrite=True).comments == 1


def test_a_locked_grade_stays_with_its_comment():
    content = people(locked=True).worksheet()
    filled = fill(content, [mark(7, "Ana Ruiz")], overwrite=True)
    assert filled.content == content
    assert [left.why for left in filled.left] == ["locked in Moodle's gradebook"]


def test_no_comments_leaves_that_column_alone():
    site = people()
    filled = fill(site.worksheet(), [mark(7, "Ana Ruiz")], comments=False)
    done = site.import_worksheet(filled.content)
    assert (done.grades, done.comments) == ({7}, set())


# ---------------------------------------------------------------------------- whose row it is
def test_a_row_that_bears_somebody_else_s_name_is_left_and_named():
    content = people().worksheet()
    marks = [mark(7, "Group A"), mark(8, "Li, Bo")]
    filled = fill(content, marks)
    assert [left.name for left in filled.left] == ["Group A"]
    assert "“Ana Ruiz”" in filled.left[0].why
    assert filled.grades == 1
    assert fill(content, marks, ignore_names=True).grades == 2


@pytest.mark.parametrize(
    ("folder", "row"),
    [
        ("O Neil", "O'Neil"),
        ("ONeil", "O\u2019Neil"),
        ("jose garcia", "José García"),
        ("Ruiz Ana", '<span class="usersuspended">Ana Ruiz <img alt="x"></span>'),
        ("Ana Ruiz", ""),
        ("???", "Ana"),
        ("Participant", "Ana Ruiz"),
    ],
)
def test_a_name_written_otherwise_is_nobody_else_s(folder, row):
    site = Site({7: Person(row)})
    assert fill(site.worksheet(), [mark(7, folder)]).grades == 1


def test_with_hidden_names_the_number_is_enough():
    site = people()
    filled = fill(site.worksheet(hidden=True), [mark(7, "Participant"), mark(8, "Participant")])
    assert filled.grades == 2
    assert site.import_worksheet(filled.content).grades == {7, 8}


def test_nobody_is_found_by_name():
    with pytest.raises(UsageError, match="no row for anybody"):
        fill(people().worksheet(), [mark(70, "Ana Ruiz")])
    from_canvas = mark(7, "Ana Ruiz", note=Note("Ana Ruiz", "canvas", "7"))
    with pytest.raises(UsageError, match="groups"):
        fill(people().worksheet(), [from_canvas])


def test_one_number_in_two_rows_and_a_row_without_one_are_refused():
    content = people().worksheet(bom=False)
    with pytest.raises(UsageError, match=r"w\.csv:3: participant 7 stands in line 2 as well"):
        fill(content.replace(b"Participant 8", b"Participant 07"), [mark(7, "Ana Ruiz")])
    with pytest.raises(UsageError, match=r"w\.csv:3: “Participant ” ends in no"):
        fill(content.replace(b"Participant 8", b"Participant "), [mark(7, "Ana Ruiz")])


# ---------------------------------------------------------------------------- numbers
def test_another_maximum_is_refused_unless_marks_are_to_be_scaled():
    site = Site({7: Person("Ana Ruiz")}, maximum=20)
    with pytest.raises(UsageError, match=r"the maximum grade is 20, the marks are out of 100: .*--scale"):
        fill(site.worksheet(), [mark(7, "Ana Ruiz")])
    filled = fill(site.worksheet(), [mark(7, "Ana Ruiz")], scale=True)
    assert site.import_worksheet(filled.content).grades == {7}
    assert site.people[7].grade == 13.42
    assert site.people[7].comment.startswith("<pre>13.42 of 20 points")


def test_the_comma_is_the_worksheet_s():
    third = replace(FAILED, score=Fraction(91, 2))
    for language, written in (("en", "45.50"), ("de", "45,50")):
        site = Site({7: Person("Ana Ruiz")}, language)
        filled = fill(site.worksheet(), [mark(7, "Ana Ruiz", third)])
        assert read_csv(filled.content.decode())[1][GRADE] == written
        site.import_worksheet(filled.content)
        assert site.people[7].grade == 45.5


def test_where_nothing_tells_the_sign_a_point_is_read_in_any_language():
    third = replace(FAILED, score=Fraction(91, 2))
    site = Site({7: Person("Ana Ruiz")}, "de")
    content = site.worksheet().replace(b'"100,00"', b"100")
    site.import_worksheet(fill(content, [mark(7, "Ana Ruiz", third)]).content)
    assert site.people[7].grade == 45.5
    assert b'"45,50"' in fill(content, [mark(7, "Ana Ruiz", third)], sign=",").content


def test_two_signs_in_one_file_are_refused_until_one_is_named():
    content = people(grade=1).worksheet().replace(b"1.00,", b'"1,00",', 1)
    with pytest.raises(UsageError, match="--decimal-comma or --decimal-point"):
        fill(content, [mark(7, "Ana Ruiz")])
    assert fill(content, [mark(7, "Ana Ruiz")], sign=".", overwrite=True).grades == 1


@pytest.mark.parametrize("instead", [b'"Bad\nGood"', b"", b"0.00"])
def test_a_scale_or_no_grade_is_refused(instead):
    content = people().worksheet().replace(b"100.00", instead)
    with pytest.raises(UsageError, match="no maximum grade"):
        fill(content, [mark(7, "Ana Ruiz")])


# ---------------------------------------------------------------------------- columns
def test_headers_of_two_languages_are_no_worksheet():
    content = people().worksheet().replace(b"Last modified (grade)", "Zuletzt geändert (Bewertung)".encode())
    with pytest.raises(UsageError, match="it has “Identifier”, “Full name”"):
        fill(content, [mark(7, "Ana Ruiz")])


def test_a_column_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match=r"no column 'Grades'.*did you mean.*Grade"):
        fill(people().worksheet(), [mark(7, "Ana Ruiz")], named=Named(grade="Grades"))


def test_without_a_column_for_comments_the_grades_are_filled_and_that_is_said():
    content = people().worksheet().replace(b"Feedback comments", b"Something else")
    filled = fill(content, [mark(7, "Ana Ruiz")])
    assert (filled.grades, filled.comments, filled.has_comments) == (1, 0, False)


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.sampled_from('\n",;='), max_size=8)


@st.composite
def worksheets(draw):
    """A worksheet with more columns than there need be, in any order: its raw cells, and how they are joined."""
    ours = HEADERS["en"].split("|")
    headers = draw(st.permutations([*ours, "Online text", "Group"]))
    numbers = draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=5, unique=True))
    rows = [list(headers)]
    for number in numbers:
        fixed = {"Identifier": f"Participant {number}", "Full name": "", "Maximum grade": "100.00"}
        fixed |= {"Grade": "", "Feedback comments": "", "Grade can be changed": "Yes"}
        rows.append([fixed[header] if header in fixed else draw(CELLS) for header in headers])
    quoted = [[draw(st.booleans()) for _ in row] for row in rows]
    return numbers, rows, quoted, draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from(["utf-8", "utf-16-le"]))


def raw(text, *, quoted):
    needs = quoted or any(sign in text for sign in '",\r\n') or text[:1] == " " or text[-1:] == " "
    return '"' + text.replace('"', '""') + '"' if needs else text


def joined(rows, quoted, newline, encoding):
    lines = [
        ",".join(raw(text, quoted=flag) for text, flag in zip(row, flags, strict=True))
        for row, flags in zip(rows, quoted, strict=True)
    ]
    return ("\ufeff" + newline.join(lines) + newline).encode(encoding)


@settings(max_examples=60, deadline=None)
@given(worksheets(), st.data())
def test_only_the_two_cells_of_those_with_a_mark_change_byte_for_byte(made, data):
    numbers, rows, quoted, newline, encoding = made
    graded = data.draw(st.lists(st.sampled_from(numbers), min_size=1, unique=True))
    filled = fill(joined(rows, quoted, newline, encoding), [mark(number, "Ana") for number in graded])
    comment = to_comment(FAILED, "trace")
    for number in graded:
        row = rows[1 + numbers.index(number)]
        row[rows[0].index("Grade")], row[rows[0].index("Feedback comments")] = POINTS, comment
    assert filled.content == joined(rows, quoted, newline, encoding)


# ---------------------------------------------------------------------------- comments
def saying(text):
    gradient = replace(
        GRADIENT,
        message=text,
        diagnoses=(Diagnosis("gradient.sign", f"{text}!", 48, 48),),
        counterexample=replace(GRADIENT.counterexample, got={"dWxs": text, "dWrec": [text]}),
    )
    return report(gradient, FORWARD, notices=(Notice("load.raised", text),))


@pytest.mark.parametrize("depth", FEEDBACK_LEVELS)
def test_a_comment_says_what_a_person_set_and_neither_why_nor_who(depth):
    written = unescape(to_comment(overruled(FAILED, bptt_gradients=30), depth))
    assert ", points set by a person<br>" in f"{written.removesuffix('</pre>')}<br>"
    assert ("bptt_gradients: 30 / 35, set by a person (the grader's own:" in written) == (depth != "score")
    assert not any(secret in written for secret in (SECRET, WHO))


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: text.name)
def test_hostile_text_is_text_in_html_and_in_the_table(text):
    site = people()
    filled = fill(site.worksheet(), [mark(7, "Ana Ruiz", saying(text.text))])
    site.import_worksheet(filled.content)
    comment = site.people[7].comment
    assert text.marker in comment
    assert text.name not in found("html", comment.encode())
    assert text.name not in found("csv", filled.content)
    assert len(comment.encode()) <= LIMIT_BYTES
    assert site.people[8] == Person("Bo Li")


def test_a_comment_too_long_for_a_spreadsheet_s_cell_is_cut_and_says_so():
    long = to_comment(saying("[$" * 30_000), "trace")
    assert len(long.encode()) <= LIMIT_BYTES
    assert CUT.strip().replace("[", "&#91;") in long


@pytest.mark.parametrize("filtered", ["$$x$$", "{email}", "[shortcode]", "@@PLUGINFILE@@", r"\(x\)", "`x`"])
def test_what_moodle_s_filters_act_on_is_not_in_a_comment(filtered):
    assert filtered not in to_comment(saying(f"a {filtered} b"), "trace")


BREAKS_OUT = 'x\\",y\n"Participant 8",Bo Li,,,100,100.00,Yes,-,-,"z'


def test_a_backslash_before_a_quote_would_shift_cells_if_it_were_not_escaped(monkeypatch):
    site = people()
    filled = fill(site.worksheet(), [mark(7, "Ana Ruiz", saying(BREAKS_OUT))])
    assert all(len(row) == 10 for row in read_csv(filled.content.decode()))
    monkeypatch.setattr("grader.gradebooks.moodle_comment._ACTED_ON", {})
    filled = fill(site.worksheet(), [mark(7, "Ana Ruiz", saying(BREAKS_OUT))])
    assert any(len(row) != 10 for row in read_csv(filled.content.decode()))


# ---------------------------------------------------------------------------- feedback files
@pytest.mark.parametrize(
    "folder",
    ["../../x_7_assignsubmission_file", ".ana_7_assignsubmission_file_", "a\\b_7_assignsubmission_file", "", "_7_x"],
)
def test_a_folder_s_name_that_is_not_moodle_s_is_replaced(tmp_path, folder):
    page = tmp_path / "page.html"
    page.write_bytes(b"page")
    note = Note("Ana Ruiz", "moodle", "7", folder)
    site = people()
    assert site.import_feedback(feedback_zip([mark(7, "Ana Ruiz", note=note, page=page)])[0]) == []
    assert site.people[7].files == {"feedback.html": b"page"}


def test_who_has_no_mark_by_our_own_fault_gets_no_page(tmp_path):
    page = tmp_path / "page.html"
    page.write_bytes(b"page")
    outcomes = {7: "ungraded", 8: "missing", 9: "unreadable", 10: "graded"}
    marks = [mark(number, "Ana", outcome=outcome, page=page) for number, outcome in outcomes.items()]
    assert feedback_zip(marks)[1] == 2

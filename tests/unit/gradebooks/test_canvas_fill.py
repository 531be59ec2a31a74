"""`grader fill canvas`: one column of a teacher's own export, and every other byte as it was."""

from __future__ import annotations

import codecs
import csv
import io
import shutil
import stat
import sys
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import pytest
from canvas_class import COLUMNS, HEADER, SCORES, STUDENTS, gradebook
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import report

from grader.cli import grader_main
from grader.cohort.marks import Mark
from grader.cohort.notes import Note
from grader.errors import UsageError
from grader.gradebooks.canvas_fill import fill
from grader.gradebooks.canvas_gradebook import Gradebook
from grader.gradebooks.canvas_points import Due, due
from grader.gradebooks.exact_csv import read
from grader.publish.told import tell

ENCODINGS = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with its mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 as Excel writes it": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
}
GIVEN = {"31": "100", "32": "65", "34": "83.50", "36": "0"}


def mark(student, points, *, source="canvas", lms_student=None, outcome="graded", doubts=()):
    """A mark as `read_marks` gives it."""
    total = None if points is None else Fraction(points)
    note = Note(f"name{student}", source, student if lms_student is None else lms_student)
    made = report(score=total) if outcome == "graded" else report(outcome="unreadable", score=None, passed=None)
    return Mark(student, student, note, outcome, total, Fraction(100), made, "score", None, doubts)


def marks(given=None):
    found = [mark(student, points) for student, points in (GIVEN if given is None else given).items()]
    return [*found, mark("35", None, outcome="unreadable"), mark("37", None, outcome="missing")]


def filled(content, given=None, *, column="207", by="id", scale=False, source="canvas"):
    """What becomes of a file's bytes, and what is said of it."""
    book = Gradebook(read(content, "gb.csv"), "gb.csv")
    at = book.column(column)
    chosen = [replace(each, note=replace(each.note, source=source)) for each in marks(given)]
    if source == "folder":
        chosen = [replace(each, note=replace(each.note, lms_student="")) for each in chosen]
    dues = due(chosen, possible=at.possible, where=at.label, scale=scale, by=None if by == "id" else by)
    filling = fill(book, at, dues, by=by)
    return book.sheet.bytes(), filling


# ---------------------------------------------------------------------------- byte for byte
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("quoted", [False, True], ids=["bare", "quoted"])
@pytest.mark.parametrize(
    ("delimiter", "end"), [(",", "\n"), (";", "\r\n"), ("\t", "\r\n")], ids=["comma", "semi", "tab"]
)
def test_the_cells_of_one_column_change_and_nothing_else(encoding, quoted, delimiter, end):
    style = {"delimiter": delimiter, "end": end, "quoted": quoted}
    content = ENCODINGS[encoding](gradebook(**style))
    got, filling = filled(content)
    assert got == ENCODINGS[encoding](gradebook(GIVEN, **style))
    assert got != content
    assert (filling.filled, filling.same, filling.absent, filling.replaced) == (4, 0, [], [])
    assert filling.left == ["name35 (35): no mark, unreadable", "name37 (37): no mark, missing"]


words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
odd = st.one_of(words, st.sampled_from(["=1+1", "@x", '"', '""', ",", ";", "\n", "\r\n", "é", "31", "EX", "Test"]))


@st.composite
def exports(draw):
    """An export of students called anything, in rows of any order, with the columns of any course."""
    style = {
        "delimiter": draw(st.sampled_from(",;")),
        "end": draw(st.sampled_from(["\n", "\r\n"])),
        "quoted": draw(st.booleans()),
    }
    names = [draw(odd) for _ in STUDENTS]
    order = draw(st.permutations(sorted(STUDENTS)))
    columns = [f"{draw(odd)} ({number})" for number in draw(st.permutations([101, 207, 208]))]
    text = {"columns": columns, "students": dict(zip(order, names, strict=True)), "header": [*HEADER[:5], draw(odd)]}
    return style | text, draw(st.sampled_from(sorted(ENCODINGS)))


@settings(deadline=None)
@given(exports(), st.dictionaries(st.sampled_from(sorted(STUDENTS)), st.integers(0, 10000), max_size=7))
def test_whatever_an_export_holds_only_the_cells_of_students_with_marks_change(export, cents):
    given_style, encoding = export
    points = {student: Fraction(number, 100) for student, number in cents.items()}
    written = {s: f"{p}" if p.denominator == 1 else f"{float(p):.2f}" for s, p in points.items()}
    content = ENCODINGS[encoding](gradebook(**given_style))
    got, _ = filled(content, points)
    assert got == ENCODINGS[encoding](gradebook(written, **given_style))


def test_a_row_that_a_spreadsheet_cut_short_gets_its_cell():
    text = "Student,ID,Section,HW (207)\n    Points Possible,,,100\nA,31\n"
    got, _ = filled(text.encode(), {"31": 90})
    assert got == text.replace("A,31\n", "A,31,,90\n").encode()


def test_first_and_last_names_may_stand_apart():
    text = "LastName,FirstName,ID,Section,HW (207)\n    Points Possible,,,,100\nSmith,Anna,31,S,\n"
    got, _ = filled(text.encode(), {"31": 90})
    assert got == text.replace("S,\n", "S,90\n").encode()


def test_numbers_are_written_as_the_export_writes_its_own():
    text = "Student;ID;Section;HW (207)\n    Points Possible;;;100,00\nA;31;S;\n"
    got, _ = filled(text.encode(), {"31": Fraction("83.5")})
    assert got == text.replace("31;S;\n", "31;S;83,50\n").encode()


# ---------------------------------------------------------------------------- what is not overwritten
def test_excused_students_and_those_it_is_not_for_keep_their_cells():
    content = gradebook({"31": "EX", "32": "ex", "34": "N/A"}).encode()
    got, filling = filled(content)
    assert got == gradebook({"31": "EX", "32": "ex", "34": "N/A", "36": "0"}).encode()
    assert filling.filled == 1
    assert filling.left[:2] == ["Smith, Anna (31): EX, excused, not 100", "Smith, Anna (32): ex, excused, not 65"]
    assert "not assigned to them, not 83.50" in filling.left[2]


def test_a_mark_that_is_there_already_stays_as_it_is_written():
    cells = {"31": "100.00", "32": " 65,0", "34": "83.5", "36": "0"}
    got, filling = filled(gradebook(cells).encode())
    assert got == gradebook(cells).encode()
    assert (filling.filled, filling.same) == (0, 4)


def test_another_mark_is_replaced_only_when_asked_for():
    content = gradebook({"31": "99.99", "32": "B-", "34": "-"}).encode()
    got, filling = filled(content)
    assert got == gradebook(GIVEN).encode()
    assert filling.replaced == ["Smith, Anna (31): 100 for 99.99", "Smith, Anna (32): 65 for B-"]
    with pytest.raises(UsageError, match=r"has other marks already for 2, listed above: .* --overwrite"):
        filling.check(overwrite=False, ignore_absent=False)
    filling.check(overwrite=True, ignore_absent=False)


def test_students_without_a_mark_keep_the_one_they_have():
    content = gradebook({"35": "40", "33": "50"}).encode()
    got, _ = filled(content)
    assert got == gradebook({**GIVEN, "35": "40", "33": "50"}).encode()


def test_a_mark_of_nobody_in_the_file_is_listed_and_refused():
    _, filling = filled(gradebook().encode(), {"31": 100, "4711": 12, "4712": Fraction("0.5")})
    assert filling.absent == ["name4711 (4711): 12", "name4712 (4712): 0.50"]
    with pytest.raises(
        UsageError, match=r"there are 2 marks of students who are not in this gradebook.*--ignore-absent"
    ):
        filling.check(overwrite=False, ignore_absent=False)
    filling.check(overwrite=False, ignore_absent=True)
    assert str(filling).endswith("1 filled in, 0 as they were, 2 left, 2 not there")


def test_a_name_is_never_enough():
    students = {"131": "name31", "132": "31"}
    _, filling = filled(gradebook(students=students).encode(), {"31": 100})
    assert filling.filled == 0
    assert len(filling.absent) == 1


# ---------------------------------------------------------------------------- which points
def test_marks_out_of_other_points_are_refused_or_scaled_exactly():
    content = gradebook(possible="30").encode()
    with pytest.raises(UsageError, match=r"\(207\)” is worth 30 points in Canvas and 100 here: .* --scale"):
        filled(content)
    got, _ = filled(content, {"31": 100, "32": 65, "34": Fraction("49.99"), "36": Fraction("99.99")}, scale=True)
    # 29.997 is not rounded up to full marks, nor 14.997 up to the pass mark
    assert got == gradebook({"31": "30", "32": "19.50", "34": "14.99", "36": "29.99"}, possible="30").encode()


@pytest.mark.parametrize(
    ("possible", "scale", "says"),
    [
        ("0", True, "is worth no points in Canvas"),
        ("", False, "the row Points Possible does not say: no marks can be read there"),
        ("(read only)", False, r"the row Points Possible says '\(read only\)'"),
    ],
)
def test_an_assignment_without_points_takes_none(possible, scale, says):
    with pytest.raises(UsageError, match=says):
        filled(gradebook(possible=possible).encode(), scale=scale)


# ---------------------------------------------------------------------------- which column
@pytest.mark.parametrize("wanted", ["207", 'Übung 3: "RNN", Zähler', 'übung 3: "rnn", zähler', COLUMNS[1], " 207 "])
def test_a_column_is_named_by_id_title_or_heading(wanted):
    assert Gradebook(read(gradebook().encode(), "gb.csv"), "gb.csv").column(wanted).id == "207"


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (None, r"gb\.csv: which assignment\? name one with --assignment; there are: Essay \(101\), "),
        ("Übung 3", r"gb\.csv: there are several 'Übung 3': .*: Übung 3 \(209\), Übung 3 \(210\)$"),
        ("Esay", r"gb\.csv: there is no assignment 'Esay'; did you mean Essay\?; there are: Essay \(101\)"),
        ("Current Score", "there is no assignment 'Current Score'"),
        ("211", r"Final Score Project \(211\): by that name Canvas takes it for a column it computes"),
    ],
)
def test_a_column_that_is_not_certain_is_not_filled(wanted, says):
    with pytest.raises(UsageError, match=says):
        filled(gradebook().encode(), column=wanted)


def test_the_only_assignment_needs_no_name():
    assert filled(gradebook(columns=["HW (207)"]).encode(), column=None)[1].filled == 4


def test_a_heading_that_is_there_twice_is_refused():
    with pytest.raises(UsageError, match="there are several '207'"):
        filled(gradebook(columns=["HW (207)", "HW (207)"]).encode())


@pytest.mark.parametrize(
    "text",
    ["student,score\n31,4\n", "Name,ID,Section,HW (207)\n", "Student,ID,HW (207)\n", "Étudiant,ID,Section,HW (207)\n"],
)
def test_another_table_is_no_gradebook(text):
    if "Étudiant" in text:  # Canvas writes these headings in English whatever the language; the first is not looked at
        assert (
            Gradebook(read((text + "    Points Possible,,,1\n").encode(), "gb.csv"), "gb.csv").column(None).id == "207"
        )
    elif text.startswith("Name"):
        with pytest.raises(UsageError, match="the row Points Possible does not say"):
            Gradebook(read(text.encode(), "gb.csv"), "gb.csv").column(None)
    else:
        with pytest.raises(UsageError, match=r"gb\.csv:1: not a gradebook as Canvas exports it: .* got "):
            Gradebook(read(text.encode(), "gb.csv"), "gb.csv")


# ---------------------------------------------------------------------------- whose row
def test_submissions_named_by_another_id_are_found_by_it():
    content = gradebook().encode()
    given = {"login31@example.edu": 100}
    got, _ = filled(content, given, by="login-id", source="folder")
    assert got == gradebook({"31": "100"}).encode()
    got, _ = filled(content, {"S32": 65}, by="sis-id", source="folder")
    assert got == gradebook({"32": "65"}).encode()


@pytest.mark.parametrize(
    ("source", "lms_student", "by", "says"),
    [
        ("canvas", "anon_x7Y", None, "graded anonymously"),
        ("canvas", "31", "login-id", "goes by --by id"),
        ("folder", "", None, "does not come from a download of Canvas's.* --by"),
        ("moodle", "31", None, "comes from a download of Moodle's"),
        ("moodle", "31", "id", "comes from a download of Moodle's"),
    ],
)
def test_marks_that_cannot_be_told_by_canvas_s_ids_are_refused(source, lms_student, by, says):
    with pytest.raises(UsageError, match=says):
        due(
            [mark("31", 1, source=source, lms_student=lms_student)],
            possible=Fraction(100),
            where="x",
            scale=False,
            by=by,
        )


def test_a_student_in_two_rows_is_refused_by_line():
    twice = gradebook(students={"31": "A"}, extra_rows=[["B", "31", *[""] * 13]])
    with pytest.raises(UsageError, match=r"name31 \(31\) is there twice, in lines 4 and 7"):
        filled(twice.encode(), {"31": 1})


def test_ids_that_a_spreadsheet_rounded_are_refused():
    content = gradebook(students={"1.00000E+13": "A"}).encode()
    with pytest.raises(UsageError, match=r"gb\.csv:4: column ID: 1\.00000E\+13 was rounded by a spreadsheet"):
        filled(content)


def test_a_column_that_was_not_exported_is_missed():
    header = [*HEADER[:2], "x", *HEADER[3:]]
    with pytest.raises(UsageError, match="there is no column SIS User ID: export the gradebook with it"):
        filled(gradebook(header=header).encode(), by="sis-id", source="folder")


def test_doubts_are_listed():
    book = Gradebook(read(gradebook().encode(), "gb.csv"), "gb.csv")
    told = tell(report(), "score")
    dues = [Due("31", "31", "anna", "graded", Fraction(1), told, ("autograd was found",))]
    assert fill(book, book.column("207"), dues, by="id").doubtful == ["Smith, Anna (31): autograd was found"]


# ---------------------------------------------------------------------------- the command
@pytest.fixture
def run(canvas_marks, tmp_path, monkeypatch, capsys):
    """`grader fill canvas` in a folder with marks/ and gb.csv."""
    shutil.copytree(canvas_marks, tmp_path / "marks")
    (tmp_path / "gb.csv").write_text(gradebook(), encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)

    def call(*arguments, gradebook="gb.csv", out="filled.csv"):
        status = grader_main(["fill", "canvas", "marks", gradebook, "-o", out, *arguments])
        printed = capsys.readouterr()
        return SimpleNamespace(status=status, out=printed.out, err=printed.err)

    call.root = tmp_path
    return call


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grades for real, which needs isolation")


def test_a_download_graded_for_real_fills_the_export(run):
    done = run("--assignment", "207")
    assert done.status == 0, done.err
    assert done.err == ""
    got = (run.root / "filled.csv").read_bytes()
    before, after = ([row[7] for row in rows_of(text)] for text in (gradebook(), got.decode()))
    cells = dict(zip([row[1] for row in rows_of(gradebook())], after, strict=True))
    assert {student: cells[student] for student in SCORES} == SCORES
    assert cells["35"] == ""  # unreadable
    assert cells["38"] == ""  # handed nothing in
    assert got == gradebook({student: cells[student] for student in STUDENTS}).encode()
    assert before != after
    assert "Left as they are:\n  eveempty (35): no mark, unreadable\n" in done.out
    assert done.out.endswith("5 filled in, 0 as they were, 1 left\n")
    assert stat.S_IMODE((run.root / "filled.csv").stat().st_mode) == 0o600
    again = run("--assignment", "207", gradebook="filled.csv", out="again.csv")
    assert "0 filled in, 5 as they were" in again.out
    assert (run.root / "again.csv").read_bytes() == got


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_refusal_lists_everything_and_writes_nothing(run):
    (run.root / "gb.csv").write_text(gradebook({"31": "12"}, students={"31": "Smith, Anna"}), encoding="utf-8")
    done = run("--assignment", "207", "--ignore-absent")
    assert done.status == 2
    assert "Another mark in place of the one that is there:\n  Smith, Anna (31): 100 for 12\n" in done.out
    assert "Not in this gradebook:\n" in done.out
    assert "smithanna (32): 65" in done.out
    assert len(done.err.splitlines()) == 1
    assert "--overwrite" in done.err
    assert not (run.root / "filled.csv").exists()


def test_the_teacher_s_own_file_is_never_written_over(run):
    (run.root / "same.csv").symlink_to("gb.csv")
    for out in ("gb.csv", "./gb.csv", "same.csv"):
        done = run("--assignment", "207", out=out)
        assert done.status == 2
        assert "would be written over what it is made from" in done.err
    assert (run.root / "gb.csv").read_bytes() == gradebook().encode()


def test_what_canvas_will_not_read_is_said(run):
    text = gradebook(delimiter="\t", end="\r\n")
    (run.root / "gb.csv").write_bytes(codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
    done = run("--assignment", "207")
    assert done.status == 0
    assert "the gradebook is UTF-16, as a spreadsheet saved it" in done.err

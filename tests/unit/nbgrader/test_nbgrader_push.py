"""Marks of a class into nbgrader's own gradebook: the right ones, once, and nothing that a person decided undone."""

from __future__ import annotations

import re
import shutil
import sys
import warnings
from contextlib import contextmanager

import pytest
from nbgrader_course import CLASS, NOTEBOOK, autograded, copied

from grader.cli import grade_main, grader_main
from grader.gradebooks.nbgrader_gradebook import Submission
from pages import blocks

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the class is graded with the isolation by default, which only Linux has"
)


@pytest.fixture(scope="module")
def class_(tmp_path_factory):
    """A course that nbgrader autograded, two students who came later, marks of all in `marks`; and those by JSON."""
    course = copied(autograded(tmp_path_factory), tmp_path_factory.mktemp("push") / "course")
    submitted = course.root / "submitted"
    shutil.copytree(submitted / "ana", submitted / "gus")
    (submitted / "gus" / "ps1" / "timestamp.txt").write_text("2026-05-04 10:11:12 UTC\n", encoding="utf-8")
    by_json = course.grade_json()
    (submitted / "una" / "ps1").mkdir(parents=True)
    (submitted / "una" / "ps1" / NOTEBOOK).write_text('{"cells": 3', encoding="utf-8")
    given = ["-o", f"{course.root / 'marks'}/", "--rubric", str(course.root / "rubric.toml"), "-q", "--exit-zero"]
    assert grade_main([str(submitted), *given]) == 0
    return course, by_json


@pytest.fixture
def by_json(class_):
    """Our points by student and check, of everybody whose file can be read."""
    return class_[1]


@pytest.fixture
def course(class_, tmp_path):
    return copied(class_[0], tmp_path / "course")


def push(course, *options, status=0):
    given = [str(course.root / "marks"), "--course-root", str(course.root), "--assignment", "ps1", *options]
    assert grader_main(["push", "nbgrader", *given]) == status


@contextmanager
def book(course):
    """The gradebook by nbgrader's own interface, as a person's tools have it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nbgrader.api import Gradebook  # noqa: PLC0415 - only here are its warnings let pass

        with Gradebook(f"sqlite:///{course.database}") as gradebook:
            yield gradebook


# ---------------------------------------------------------------------------- what is written
def test_marks_in_the_gradebook_are_ours_whatever_a_submission_forged(course, by_json, capsys):
    assert sum(course.scores()["eva"].values()) == 100, "the forged module got its way while autograding"
    push(course, "--yes")
    assert {student: course.scores()[student] for student in CLASS} == {student: by_json[student] for student in CLASS}
    assert f"eva: 100 → {sum(by_json['eva'].values()):g}" in capsys.readouterr().out


def test_a_second_push_changes_no_byte_and_says_so(course, capsys):
    push(course, "--yes", "--add-students")
    before = course.dump()
    capsys.readouterr()
    push(course, "--yes", "--add-students", "--db", f"sqlite:///{course.database}")
    assert course.dump() == before
    said = capsys.readouterr().out
    assert f"There already: {len(CLASS) + 1}\n" in said
    assert said.endswith("There was nothing to write.\n")


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_without_yes_nothing_is_written_and_the_same_is_said(course, options, capsys):
    before = course.database.read_bytes()
    push(course, *options, "--add-students")
    assert course.database.read_bytes() == before
    would = capsys.readouterr().out.splitlines()
    push(course, "--yes", "--add-students")
    assert capsys.readouterr().out.splitlines()[:-1] == would[:-1]
    assert course.database.read_bytes() != before


def test_comments_are_what_each_student_may_see_at_the_function_they_wrote(course):
    push(course, "--yes")
    with book(course) as gradebook:
        comments = {
            student: {
                comment.name: comment.auto_comment or ""
                for comment in gradebook.find_submission_notebook("rnn_counting", "ps1", student).comments
            }
            for student in CLASS
        }
    assert "Smallest case that fails" in comments["ben"]["write_bptt_gradients"]
    assert "bptt_gradients: 0 / 35" in comments["ben"]["write_bptt_gradients"]
    assert "Smallest case that fails" not in "".join(comments["ana"].values())
    lines = [line for cells in comments.values() for text in cells.values() for line in text.splitlines()]
    assert all(line.startswith("    ") or not line for line in lines), "Markdown would read it otherwise"


# ---------------------------------------------------------------------------- whom, and whom not
def test_students_who_are_not_there_are_listed_and_added_only_when_asked(course, by_json, capsys):
    push(course, "--yes")
    assert "Not in the gradebook: --add-students adds them:\n  gus\n  una\n" in capsys.readouterr().out
    assert "gus" not in course.scores()
    push(course, "--yes", "--add-students")
    assert "Not there before:\n  gus: 100\n" in capsys.readouterr().out
    assert course.scores()["gus"] == by_json["gus"]
    with book(course) as gradebook:
        assert str(gradebook.find_submission("ps1", "gus").timestamp) == "2026-05-04 10:11:12"


def test_where_there_is_no_mark_the_one_there_stays_and_a_person_is_asked(course, capsys):
    with book(course) as gradebook:
        gradebook.add_student("una")
        gradebook.add_submission("ps1", "una")
        for grade in gradebook.find_submission_notebook("rnn_counting", "ps1", "una").grades:
            grade.auto_score, grade.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    push(course, "--yes")
    said = capsys.readouterr().out
    assert "  una: what was handed in cannot be read; the mark that is there stays\n" in said
    assert set(course.scores()["una"].values()) == {1.5}
    assert set(course.scores("needs_manual_grade")["una"].values()) == {1}


def test_a_submission_of_an_earlier_version_of_the_assignment_is_left_and_named(course, capsys):
    course.query("delete from grade where cell_id = (select id from base_cell where name = 'train')")
    before = course.dump()
    push(course, "--yes")
    assert "lacks cells of the assignment: autograde it again:\n  ana\n  ben\n" in capsys.readouterr().out
    assert course.dump() == before


# ---------------------------------------------------------------------------- a person's hand
def decided(course):
    """A person scored and commented on ben's gradient."""
    with book(course) as gradebook:
        notebook = gradebook.find_submission_notebook("rnn_counting", "ps1", "ben")
        for grade in notebook.grades:
            if grade.name == "bptt_gradients":
                grade.manual_score, grade.needs_manual_grade = 12.0, False
        for comment in notebook.comments:
            if comment.name == "write_bptt_gradients":
                comment.manual_comment = "You told me in the exercise class."
        gradebook.db.commit()


def persons_words(course):
    with book(course) as gradebook:
        notebook = gradebook.find_submission_notebook("rnn_counting", "ps1", "ben")
        (comment,) = [each for each in notebook.comments if each.name == "write_bptt_gradients"]
        return notebook.score, comment.comment


def test_what_a_person_decided_stays_and_counts(course, capsys):
    decided(course)
    push(course, "--yes")
    assert "Scored by a person, which stays:\n  ben: bptt_gradients 12\n" in capsys.readouterr().out
    assert persons_words(course) == (77.0, "You told me in the exercise class.")


def test_a_push_that_wrote_a_person_s_score_would_undo_it(course, monkeypatch):
    def write_both(self, check, points, *, look):
        self.grades[check].auto_score = self.grades[check].manual_score = points
        self.grades[check].needs_manual_grade = look

    decided(course)
    with book(course) as gradebook:  # otherwise nothing of ben's changes
        for grade in gradebook.find_submission_notebook("rnn_counting", "ps1", "ben").grades:
            grade.auto_score = 1.0
        gradebook.db.commit()
    monkeypatch.setattr(Submission, "set_score", write_both)
    push(course, "--yes")
    assert persons_words(course)[0] == 65.0


# ---------------------------------------------------------------------------- refused
def test_cells_worth_something_else_are_refused_before_anything_is_written(course, capsys):
    with book(course) as gradebook:
        gradebook.find_grade_cell("train", "rnn_counting", "ps1").max_score = 30.0
        gradebook.db.commit()
    before = course.database.read_bytes()
    push(course, "--yes", status=2)
    assert "train is worth 30 there and 20 by the rubric" in capsys.readouterr().err
    assert course.database.read_bytes() == before


REFUSED = {
    "--course-root": ("submitted", "no gradebook.db: run `nbgrader generate_assignment` there first"),
    "--db": ("gradebook.db", "--db: expected an address as nbgrader's db_url is"),
}


@pytest.mark.parametrize("option", REFUSED)
def test_what_is_not_there_is_named(course, option, capsys, monkeypatch):
    value, message = REFUSED[option]
    monkeypatch.chdir(course.root)
    push(course, option, value, status=2)
    assert message in capsys.readouterr().err


def test_an_assignment_that_nbgrader_does_not_know_is_named_with_those_it_knows(course, capsys):
    course.query("update assignment set name = 'ps01'")
    push(course, status=2)
    assert "no assignment 'ps1' in the gradebook (there are: ps01)" in capsys.readouterr().err


def test_yes_and_dry_run_contradict_each_other(course, capsys):
    push(course, "--yes", "--dry-run", status=2)
    assert "contradict" in capsys.readouterr().err


def test_marks_of_another_assignment_are_refused(course, capsys):
    with book(course) as gradebook:
        gradebook.add_assignment("ps2")
    given = [str(course.root / "marks"), "--course-root", str(course.root), "--assignment", "ps2"]
    assert grader_main(["push", "nbgrader", *given]) == 2
    assert "these marks are of the assignment 'ps1'" in capsys.readouterr().err


def test_a_gradebook_of_an_older_nbgrader_is_no_traceback(course, capsys):
    course.query("alter table grade drop column needs_manual_grade")
    push(course, status=3)
    assert "nbgrader db upgrade" in capsys.readouterr().err


# ---------------------------------------------------------------------------- the page
def pattern(line):
    return ".*".join(re.escape(part) for part in line.split("…"))


def test_the_page_s_commands_print_what_it_shows_and_the_export_has_our_marks(course, by_json):
    shutil.rmtree(course.root / "marks")
    for block in blocks("docs/platforms/nbgrader.md"):
        if block.words != ("text", "nbgrader"):
            continue
        for command in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
            line, *lines = command.splitlines()
            said = course.said.get(line) or course.run(*line.split())
            assert [any(re.fullmatch(pattern(each), got) for got in said.splitlines()) for each in lines] == [
                True
            ] * len(lines), f"{line}\n{said}"
            if line.startswith("grade"):  # ours are shown whole
                assert len(said.splitlines()) == len(lines), said
    rows = course.exported()
    assert {student: float(rows[student]["score"]) for student in by_json} == {
        student: pytest.approx(sum(by_json[student].values())) for student in by_json
    }
    pages = {path.parts[-3]: path.read_text(encoding="utf-8") for path in course.root.glob("feedback/*/ps1/*.html")}
    assert pages.keys() == CLASS.keys()
    assert "bptt_gradients: 35 of 35 points" in pages["ana"]
    assert "bptt_gradients: 0 of 35 points" in pages["ben"]
    assert "bptt_gradients: 0 / 35" in pages["eva"], "what was pushed, whatever her cells show"
    assert {who for who, page in pages.items() if "Smallest case that fails" in page} == {"ben", "cem", "dee"}
    assert not [who for who, page in pages.items() if str(course.root) in page]

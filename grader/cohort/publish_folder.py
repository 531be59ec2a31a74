"""Write what a teacher opens: tables, a result and a page for each student, an index.

All of it follows from the store, `overrides.csv` and the key of the names, so that the same gradings give the same
bytes, however they came about, and `grader forget` can write everything anew. Only the index says how long each took.
One pass over the store writes each student's files; in memory stay a few lines of each.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.cohort import overrides
from grader.cohort.gradebook import GRADES, REVIEW, Entry, grades_row, review_rows
from grader.cohort.names import safe_name
from grader.cohort.notes import ClassNote, Note, read_notes
from grader.cohort.out_folder import FOLDERS
from grader.cohort.outputs import write_output
from grader.cohort.overrides import Ruling
from grader.cohort.plain import from_data
from grader.cohort.pseudonyms import Names, read_names, without_names
from grader.cohort.records import Grading
from grader.cohort.store import Store
from grader.cohort.tables import table
from grader.errors import GraderError
from grader.report.as_json import to_json_object, to_json_text
from grader.report.html import Adjustment, PageFacts, Row, row_of, to_html, to_index
from grader.result import Report
from grader.rubric import Rubric
from grader.score import report_of

__all__ = ["Tally", "publish", "publish_again"]


@dataclass
class Tally:
    """How many came to what; a missing submission is not among the `unreadable`."""

    passed: int = 0
    below: int = 0
    unreadable: int = 0
    missing: int = 0
    ungraded: int = 0
    to_review: int = 0

    def __str__(self) -> str:
        counts = (
            (self.passed, "passed"),
            (self.below, "below the pass mark"),
            (self.unreadable, "unreadable"),
            (self.missing, "missing"),
            (self.ungraded, "not graded"),
        )
        total = sum(count for count, _ in counts)
        told = ", ".join(f"{count} {word}" for count, word in counts if count)
        review = f"; {self.to_review} to look at" if self.to_review else ""
        return f"{total} student{'s' if total != 1 else ''}: {told or 'none'}{review}"


@dataclass
class _Written:
    """What one pass over the store left: rows by what the student is called, and the names of files."""

    grades: dict[str, Sequence[str]] = field(default_factory=dict)
    review: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    json: dict[str, str] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)


def publish(
    store: Store, run: int, rubric: Rubric, rulings: Mapping[str, Sequence[Ruling]], *, names: Names | None = None
) -> Tally:
    """Write all outputs of a run that `keep_notes` described. Raises GraderError where one cannot be written."""
    folder = store.path.parent
    noted = read_notes(store, run)
    if noted is None:
        raise GraderError(f"{folder}: nothing is known of run {run}")
    told, notes = noted
    names = names or read_names(folder, create=True)
    assert names is not None
    for name in FOLDERS:
        try:
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise GraderError(f"{folder / name}: cannot be made: {error.strerror or error}") from error
    tally, written = Tally(), _Written()
    called = _FileNames(notes)
    for grading in store.gradings(run):
        note = notes.get(grading.student, Note(grading.student, "folder"))
        machine = report_of(grading.judged, rubric)
        entry = _entry(grading, note, machine, rulings.get(grading.student, ()), names, anonymous=told.anonymous)
        _write_student(folder, entry, told, called, written)
        _count(tally, entry, bool(written.review.get(entry.called)))
    _write_class(folder, told, written)
    overrides.write_template(folder)
    return tally


def publish_again(store: Store) -> Tally | None:
    """Write the outputs of the last run anew; None if none wrote any. Raises UsageError as `read_overrides` does."""
    for run in reversed(store.runs()):
        if (noted := read_notes(store, run.number)) is not None:
            rubric = from_data(Rubric, run.facts["rubric"])
            folder = store.path.parent
            called = {student: note.name for student, note in noted[1].items()}
            rulings = overrides.read_overrides(folder, called, rubric.points, read_names(folder))
            return publish(store, run.number, rubric, rulings)
    return None


# ---------------------------------------------------------------------------- one student
def _entry(
    grading: Grading, note: Note, machine: Report, rulings: Sequence[Ruling], names: Names, *, anonymous: bool
) -> Entry:
    called, name = grading.student, note.name
    if anonymous:
        called = name = names.pseudonym(grading.student)
        known = (grading.student, note.name, note.lms_student, note.lms_submission)
        machine = without_names(machine, called, known)
        note = replace(note, name=name, lms_student="", lms_submission="")
    waiting = tuple(f"{ruling.check}: {ruling.reason}" for ruling in rulings if machine.outcome != "graded")
    return Entry(
        student=grading.student,
        called=called,
        page=f"{names.page(grading.student)}.html",
        note=note,
        machine=machine,
        report=overrides.apply(machine, rulings),
        seconds=grading.wall_s,
        waiting=waiting,
        anonymous=anonymous,
    )


def _write_student(folder: Path, entry: Entry, told: ClassNote, called: _FileNames, written: _Written) -> None:
    json_name = f"{safe_name(entry.called)}.json" if entry.anonymous else called.of(entry.student)
    _write_if_new(folder / "json" / json_name, to_json_text(to_json_object(entry.report)))
    _write_if_new(folder / "pages" / entry.page, _page(entry, told))
    written.grades[entry.called] = grades_row(entry)
    written.review[entry.called] = list(review_rows(entry))
    written.rows.append(_index_row(entry))
    written.json[entry.called] = json_name
    written.pages.add(entry.page)


def _page(entry: Entry, told: ClassNote) -> str:
    changes = tuple(
        Adjustment(item.check, item.machine, item.points, item.reason, item.who) for item in entry.report.overrides
    )
    facts = PageFacts(
        student=entry.note.name,
        final=entry.report.score if changes else None,
        adjustments=() if told.feedback == "score" else changes,
    )
    return to_html(entry.machine, audience="student", feedback=told.feedback, facts=facts)


def _index_row(entry: Entry) -> Row:
    report = entry.machine
    if entry.seconds is not None:
        report = replace(report, timings={"total_s": entry.seconds})
    final = entry.report.score if entry.report.overrides else None
    name = entry.note.name
    shown = name if name == entry.called else f"{name} ({entry.called})"
    row = row_of(shown, report, page=f"pages/{entry.page}", final=final)
    why = entry.doubts
    return replace(row, review=why) if why else row


def _count(tally: Tally, entry: Entry, to_review: bool) -> None:  # noqa: FBT001 - a count
    kind: str = entry.outcome
    if kind == "graded":
        kind = "passed" if entry.report.passed else "below"
    setattr(tally, kind, getattr(tally, kind) + 1)
    tally.to_review += to_review


class _FileNames:
    """File names by student, fit for any disk; where one would stand for two, or says something else, with a hash."""

    def __init__(self, notes: Mapping[str, Note]) -> None:
        self._taken: dict[str, int] = {}
        for student in notes:
            plain = safe_name(student).casefold()
            self._taken[plain] = self._taken.get(plain, 0) + 1

    def of(self, student: str) -> str:
        """The name of a student's file."""
        plain = safe_name(student)
        if plain == student and self._taken.get(plain.casefold(), 0) < 2:
            return f"{plain}.json"
        return f"{plain}~{_short_hash(student)}.json"


def _short_hash(text: str) -> str:
    import hashlib  # noqa: PLC0415 - odd names only

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


# ---------------------------------------------------------------------------- the class
def _write_class(folder: Path, told: ClassNote, written: _Written) -> None:
    order = sorted(written.grades)
    for name, kept in (("json", set(written.json.values())), ("pages", written.pages)):
        _remove_others(folder / name, kept, FOLDERS[name])
    write_output(folder / "results.json", _joined([folder / "json" / written.json[name] for name in order]))
    write_output(folder / "grades.csv", table(GRADES, (written.grades[name] for name in order)))
    nobodys = [("", "", "" if told.anonymous else shown, "nobody's", _why(told, why)) for shown, why in told.problems]
    rows = [row for name in order for row in written.review[name]]
    write_output(folder / "needs_review.csv", table(REVIEW, [*rows, *nobodys]))
    write_output(folder / "index.html", (to_index(written.rows),))


def _why(told: ClassNote, reason: str) -> str:
    return "a file that could be given to nobody" if told.anonymous else reason


def _joined(files: Sequence[Path]) -> Iterator[str]:
    """The list of all results, one file at a time."""
    opening = "[\n"
    for file in files:
        yield opening + textwrap.indent(file.read_text("utf-8").rstrip("\n"), "  ")
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def _write_if_new(path: Path, text: str) -> None:
    """Write a file unless it says this already: a class has thousands of them, and most stay as they were."""
    with suppress(OSError):
        if path.read_bytes() == text.encode("utf-8", "backslashreplace"):
            return
    write_output(path, (text,), sync=False)


def _remove_others(folder: Path, kept: set[str], ending: str) -> None:
    """Remove what an earlier run wrote of students, or under names, that are no more."""
    try:
        for path in folder.iterdir():
            ours = path.name.endswith((ending, f"{ending}.part"))
            if ours and path.name not in kept and (path.is_file() or path.is_symlink()):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise GraderError(f"{folder}: cannot be tidied up: {error.strerror or error}") from error

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

from grader.cases import PUBLIC_SEED
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
from grader.report.html import PageFacts, Row, row_of, to_html, to_index
from grader.result import Feedback
from grader.rubric import Rubric
from grader.score import report_of

__all__ = ["Tally", "entries_of", "publish", "publish_again"]

_IN_OVERRIDES = f"see {overrides.FILE_NAME}"


@dataclass
class Tally:
    """How many came to what; a missing submission is not among the `unreadable`.

    `to_review`: students whom a person should look at, by `Entry.look`; `public`: the cases are the public
    seed's; `left`: who stands in `overrides.csv` and is no more in the class.
    """

    passed: int = 0
    below: int = 0
    unreadable: int = 0
    missing: int = 0
    ungraded: int = 0
    to_review: int = 0
    left: int = 0
    public: bool = False

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
        left = f"; {overrides.FILE_NAME}: rows of {_students(self.left)} who left are not used" if self.left else ""
        return f"{_students(total)}: {told or 'none'}{review}{left}"


def _students(number: int) -> str:
    return f"{number} student{'s' if number != 1 else ''}"


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
    tally, written = Tally(left=len(rulings.keys() - notes.keys())), _Written()
    called = _FileNames(notes)
    for grading in store.gradings(run):
        entry = _entry(grading, notes, rubric, rulings, names, anonymous=told.anonymous)
        _write_student(folder, entry, told, called, written)
        _count(tally, entry)
    _write_class(folder, told, written, public=tally.public)
    overrides.write_template(folder)
    return tally


def publish_again(store: Store) -> Tally | None:
    """Write the outputs of the last run anew; None if none wrote any. Raises UsageError as `read_overrides` does."""
    last = _last(store)
    return None if last is None else publish(store, last.run, last.rubric, last.rulings)


def entries_of(store: Store) -> Iterator[tuple[Entry, Feedback]]:
    """What the outputs of the last run say of each student, and how much of it students may see."""
    last = _last(store)
    names = read_names(store.path.parent)
    if last is None or names is None:
        return
    for grading in store.gradings(last.run):
        yield (
            _entry(grading, last.notes, last.rubric, last.rulings, names, anonymous=last.told.anonymous),
            last.told.feedback,
        )


@dataclass(frozen=True)
class _Last:
    """The last run that wrote outputs, and what they are written by."""

    run: int
    rubric: Rubric
    told: ClassNote
    notes: Mapping[str, Note]
    rulings: Mapping[str, Sequence[Ruling]]


def _last(store: Store) -> _Last | None:
    for run in reversed(store.runs()):
        if (noted := read_notes(store, run.number)) is not None:
            told, notes = noted
            rubric = from_data(Rubric, run.facts["rubric"])
            folder = store.path.parent
            called = {student: note.name for student, note in notes.items()}
            rulings = overrides.read_overrides(folder, called, rubric.points, read_names(folder), store)
            return _Last(run.number, rubric, told, notes, rulings)
    return None


# ---------------------------------------------------------------------------- one student
def _entry(
    grading: Grading,
    notes: Mapping[str, Note],
    rubric: Rubric,
    everyones: Mapping[str, Sequence[Ruling]],
    names: Names,
    *,
    anonymous: bool,
) -> Entry:
    note = notes.get(grading.student, Note(grading.student, "folder"))
    machine, rulings = report_of(grading.judged, rubric), everyones.get(grading.student, ())
    report = overrides.apply(machine, rulings)
    called, name = grading.student, note.name
    if anonymous:
        called = name = names.pseudonym(grading.student)
        assignment = note.source == "nbgrader"  # everyone's, and it may be words of ours
        known = (grading.student, note.name, note.lms_student, "" if assignment else note.lms_submission)
        machine, report = (without_names(each, called, known) for each in (machine, report))
        untold = tuple(replace(item, reason=_IN_OVERRIDES) for item in report.overrides)  # it may name another student
        report = replace(report, overrides=untold)
        note = replace(note, name=name, lms_student="", lms_submission="")
    waiting = tuple(
        ruling.check if anonymous else f"{ruling.check}: {ruling.reason}"
        for ruling in rulings
        if machine.outcome != "graded"
    )
    return Entry(
        student=grading.student,
        called=called,
        page=f"{names.page(grading.student)}.html",
        note=note,
        machine=machine,
        report=report,
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
    facts = PageFacts(student=entry.note.name, missing=entry.note.missing)
    return to_html(entry.report, audience="student", feedback=told.feedback, facts=facts)


def _index_row(entry: Entry) -> Row:
    report = entry.report
    if entry.seconds is not None:
        report = replace(report, timings={"total_s": entry.seconds})
    name = entry.note.name
    shown = name if name == entry.called else f"{name} ({entry.called})"
    row = row_of(shown, report, page=f"pages/{entry.page}")
    why = tuple(why for what, why, _ in entry.look if what != entry.outcome)
    return replace(row, outcome=entry.outcome, review=why)


def _count(tally: Tally, entry: Entry) -> None:
    kind: str = entry.outcome
    if kind == "graded":
        kind = "passed" if entry.report.passed else "below"
    setattr(tally, kind, getattr(tally, kind) + 1)
    tally.to_review += bool(entry.look)
    tally.public |= entry.machine.provenance.get("seed") == PUBLIC_SEED


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
def _write_class(folder: Path, told: ClassNote, written: _Written, *, public: bool) -> None:
    order = sorted(written.grades)
    for name, kept in (("json", set(written.json.values())), ("pages", written.pages)):
        _remove_others(folder / name, kept, FOLDERS[name])
    write_output(folder / "results.json", _joined([folder / "json" / written.json[name] for name in order]))
    write_output(folder / "grades.csv", table(GRADES, (written.grades[name] for name in order)))
    nobodys = [("", "", "" if told.anonymous else shown, "nobody's", _why(told, why)) for shown, why in told.problems]
    rows = [row for name in order for row in written.review[name]]
    write_output(folder / "needs_review.csv", table(REVIEW, [*rows, *nobodys]))
    write_output(folder / "index.html", (to_index(written.rows, public=public),))


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

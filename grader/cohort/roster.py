"""Who is in a store, and by which of their names a person may mean them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from contextlib import suppress

from grader.cohort.notes import read_notes
from grader.cohort.plain import WireError
from grader.cohort.pseudonyms import keys_of, read_names
from grader.cohort.store import Store
from grader.cohort.tables import unescaped
from grader.errors import UsageError
from grader.suggest import did_you_mean

__all__ = ["find_student", "names_of"]


def names_of(store: Store) -> dict[str, str]:
    """What each student was last called in the outputs, by key; without those who are called by their key."""
    found: dict[str, str] = {}
    for run in reversed(store.runs()):
        with suppress(WireError):  # another version's notes
            told, notes = read_notes(store, run.number) or (None, {})
            if told is not None and not told.anonymous:
                for student, note in notes.items():
                    found.setdefault(student, note.name)
    return {student: name for student, name in found.items() if name != student}


def find_student(store: Store, called: str, names: Mapping[str, str]) -> str:
    """The key of whoever is called this: by key, by pseudonym, or by name. Raises UsageError."""
    folder = store.path.parent
    students = store.students()
    wanted = unicodedata.normalize("NFC", unescaped(called))
    known = keys_of(students, read_names(folder))
    for asked in (unescaped(called), wanted):
        if asked in known:
            return known[asked]
    there = {student: name for student, name in names.items() if student in students}
    found = [student for student, name in there.items() if wanted in {name, f"{name} ({student})"}]
    if len(found) > 1:
        raise UsageError(f"{called[:80]!r} is the name of {len(found)} students: say which: {', '.join(sorted(found))}")
    if not found:
        near = did_you_mean(called, (*known, *there.values()))
        raise UsageError(f"there is no {called[:80]!r} in {folder}{near}")
    return found[0]

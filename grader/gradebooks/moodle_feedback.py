"""A zip of feedback files for Moodle: each student's page, named so that Moodle gives it to them.

Moodle takes the parts of a path one after the other and splits each at `_`, four times at most: what comes second must
be the participant's number, what comes third and fourth the plugin that the files were downloaded from. Files whose
name begins with a dot or a tilde it passes over. A name from the download is repeated if it says just that; one that
does not (a name with a `_` in it, say) is replaced, as Moodle does not look at the first part.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable

from grader.cohort.marks import Mark
from grader.cohort.names import safe_name, shown_name
from grader.errors import GraderError
from grader.gradebooks.moodle_worksheet import participant_of

__all__ = ["FEEDBACK", "feedback_zip"]

FEEDBACK = "feedback.html"
_WANTED = frozenset({"graded", "unreadable"})
_FOLDER = re.compile(r"[^_/\\]+_(?P<id>[0-9]+)_assignsubmission_(?P<kind>[a-z0-9]+)(?P<more>_?)")
_KIND = re.compile(r"_assignsubmission_([a-z0-9]+)_?")
_THE_SAME_DAY = (1980, 1, 1, 0, 0, 0)  # a zip's first: the same pages give the same bytes
_FOR_ALL = 0o644 << 16


def feedback_zip(marks: Iterable[Mark]) -> tuple[bytes, int]:
    """Zip the pages of those who were graded or could not be read; returns it and how many pages are in it.

    Raises GraderError where a page cannot be read.
    """
    pages = {number: mark for mark in marks if (number := participant_of(mark)) is not None and mark.outcome in _WANTED}
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, mark in sorted(pages.items()):
            entry = zipfile.ZipInfo(_place(number, mark), _THE_SAME_DAY)
            entry.create_system = 3  # wherever it is made
            entry.external_attr = _FOR_ALL
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, _page(mark))
    return zipped.getvalue(), len(pages)


def _page(mark: Mark) -> bytes:
    try:
        return mark.page.read_bytes()
    except OSError as error:
        raise GraderError(f"{mark.page}: cannot be read: {error.strerror or error}") from error


def _place(number: int, mark: Mark) -> str:
    """Where the page stands in the zip: in the download's own folder, or beside its files where they lay flat."""
    name = mark.note.lms_submission
    found = _FOLDER.fullmatch(name)
    if found is None or int(found["id"]) != number or not _is_safe(name):
        kind = _KIND.search(name)
        return f"Participant_{number}_assignsubmission_{kind[1] if kind else 'file'}/{FEEDBACK}"
    # before 4.1 folders end in `_` as the beginning of a flat file's name does: the file that was graded tells which
    flat = found["more"] and f"{shown_name(name)}/" not in mark.report.submission.path
    return f"{name}{FEEDBACK}" if flat else f"{name}/{FEEDBACK}"


def _is_safe(name: str) -> bool:
    """Whether any system unpacks it, and Moodle does not pass over it. What ends in a dot or space Windows renames."""
    return safe_name(name) == name and not name.startswith((".", "~", " "))

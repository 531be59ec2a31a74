"""Files of an output folder: written whole or not at all, for their owner only, piece by piece."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.atomic import write_atomically
from grader.cohort.engine import Graded
from grader.errors import GraderError
from grader.report.as_json import to_json_object, to_json_text

__all__ = ["results_json", "write_output"]

_ODD = "backslashreplace"  # names may be no text


def write_output(path: Path, pieces: Iterable[str], *, sync: bool = True) -> None:
    """Put the text at `path`, mode 0600, in one step: the old file or the new one is there, even if power fails.

    Only for a folder whose store is open: two at once would write the same draft. Raises GraderError where it cannot
    be written; the old file then stays. Without `sync` that holds but for a power failure: for what is written anew.
    """
    draft = f".{path.name}.part"  # of one name: a killed run's is overwritten by the next
    try:
        write_atomically(path, (piece.encode("utf-8", _ODD) for piece in pieces), sync=sync, draft=draft)
    except OSError as error:
        raise GraderError(f"{path}: cannot be written: {error.strerror or error}") from error


def results_json(marks: Iterable[Graded]) -> Iterator[str]:
    """All reports as `grade --format json` prints several, one at a time: a class need not fit into memory."""
    opening = "[\n"
    for graded in marks:
        yield opening + textwrap.indent(to_json_text(to_json_object(graded.report)).rstrip("\n"), "  ")
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"

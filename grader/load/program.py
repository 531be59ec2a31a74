"""From a path to a `Program`: the content decides what it is, not the name."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

from grader.errors import UnreadableError
from grader.load.companions import find_companions, run_in_place
from grader.load.files import read_regular, shown
from grader.load.notebook import looks_like_json, parse_notebook, read_cells
from grader.load.text import decode, foreign_format
from grader.model import Cell, Notice, Program

__all__ = ["load_program"]

MAX_FILE_BYTES = 64 * 2**20
"""A notebook of 50 MB is mostly outputs, and is read."""

MAX_CODE_CHARACTERS = 2_000_000

_PYTHON_LINE = re.compile(r"^[ \t]*(def|class|import|from)\s", re.MULTILINE)


def _interpret(
    content: bytes, name: str, *, notebook_name: bool
) -> tuple[Literal["script", "notebook"], tuple[Cell, ...], tuple[Notice, ...]]:
    """Return kind, cells and notices of a submission's bytes."""
    if (foreign := foreign_format(content)) is not None:
        raise UnreadableError(f"{name} is {foreign}: hand in the script (.py) or notebook (.ipynb)")
    text, notices = decode(content)
    if looks_like_json(text) and (notebook_name or '"cells"' in text or '"worksheets"' in text):
        document = parse_notebook(text, name) if notebook_name else _parse_if_notebook(text, name)
        if document is not None:
            cells, more = read_cells(document, name)
            notices += more
            if not notebook_name:
                notices += (Notice("load.renamed", "the file is a notebook, whatever its name says; read as one"),)
            return "notebook", cells, notices
        if notebook_name:
            raise UnreadableError(f"{name} is JSON but not a notebook (no cells): save it again from Jupyter")
    if notebook_name and text.strip():
        if not _PYTHON_LINE.search(text):
            raise UnreadableError(f"{name} is not a notebook, nor Python: save it again from Jupyter")
        notices += (Notice("load.renamed", "the file is plain text, not a notebook; read as a script"),)
    return "script", (Cell(text),) if text.strip() else (), notices


def _parse_if_notebook(text: str, name: str) -> dict[str, object] | None:
    """Return the notebook in a file not named as one; None where the text is no JSON at all, a Python dict for one."""
    try:
        return parse_notebook(text, name)
    except UnreadableError:
        return None


def load_program(
    path: str | os.PathLike[str], *, companions: bool = True, exclude: frozenset[Path] = frozenset()
) -> Program:
    """Read the submission at `path`: a script is one cell without a number, a notebook its non-empty code cells.

    `companions`: also take along the modules beside it that it seems to import, except `exclude` (resolved paths).
    `sha256` is of the file's bytes. Nothing is run, imported or parsed as Python. Raises UnreadableError, one line with
    place and next step, if there is no such regular file, it is neither, or it holds nothing to grade.
    """
    file = Path(path)
    name = shown(file)
    content = read_regular(file, limit_bytes=MAX_FILE_BYTES)
    kind, cells, notices = _interpret(content, name, notebook_name=file.suffix.lower() == ".ipynb")
    if not cells:
        what = "no code cells" if kind == "notebook" else "it is empty"
        raise UnreadableError(f"{name} holds nothing to grade ({what}): check that the right file was saved")
    if sum(len(cell.source) for cell in cells) > MAX_CODE_CHARACTERS:
        raise UnreadableError(f"{name} holds more than 2 MB of code: hand in the exercise's code alone")
    beside, more = find_companions(file, [cell.source for cell in cells], exclude, beside=companions)
    taken = {companion.name for companion in beside}
    cells = tuple(replace(cell, source=run_in_place(cell.source, taken)) for cell in cells)
    return Program(shown(path), hashlib.sha256(content).hexdigest(), kind, cells, beside, notices + more)

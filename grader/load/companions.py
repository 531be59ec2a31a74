"""Files beside a submission that it seems to import: read as text, handed to the child, never imported here."""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from grader.errors import UnreadableError
from grader.load.files import read_regular
from grader.load.text import decode, foreign_format
from grader.model import Companion, Notice

__all__ = ["find_companions", "run_in_place"]

MAX_TOTAL_BYTES = 1_000_000
_MAX_MODULES = 64
_MAX_NAMES = 1000
_TAKEN = sys.stdlib_module_names | {"grader", "inside", "numpy", "reference", "student_template", "submission", "torch"}
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([^\n#;]+)|%run[ \t]+(?:-\w+[ \t]+)*(?:\./)?(\w+))", re.MULTILINE
)
_WRITTEN = re.compile(r"\s*%%(?:writefile|file)[ \t]+(-a[ \t]+)?(\w+)\.py[ \t]*\n")


def imported_names(text: str) -> Iterator[str]:
    r"""Top-level names that `text` seems to import, in order.

    >>> list(imported_names("import a.b as c, d\nfrom e.f import g\nfrom . import h"))
    ['a', 'd', 'e']
    """
    for match in _IMPORT.finditer(text):
        for part in (match[1] or match[2] or match[3]).split(","):
            if name := re.match(r"\s*(\w+)", part):
                yield name[1]


def written_by_cells(texts: Iterable[str]) -> dict[str, str]:
    r"""Modules that the cells of a notebook write (`%%writefile NAME.py`, `-a` to append), by name.

    >>> written_by_cells(["%%writefile lib.py\nx = 1\n", "import lib"])
    {'lib': 'x = 1\n'}
    """
    written: dict[str, str] = {}
    for text in texts:
        if match := _WRITTEN.match(text):
            before = written.get(match[2], "") + "\n" if match[1] and match[2] in written else ""
            written[match[2]] = before + text[match.end() :]
    return written


def run_in_place(text: str, modules: Container[str]) -> str:
    r"""The text of a cell; one that writes a module which nobody imports is run where it stands.

    >>> run_in_place("%%writefile hw.py\nx = 1\n", {"lib"}), run_in_place("%%writefile lib.py\nx = 1\n", {"lib"})
    ('\nx = 1\n', '%%writefile lib.py\nx = 1\n')
    """
    match = _WRITTEN.match(text)
    return text if match is None or match[2] in modules else "\n" * match[0].count("\n") + text[match.end() :]


def _files(folder: Path, name: str) -> list[tuple[str, Path]]:
    """Return module names and files that make up `name` in `folder`; a package before a module, as Python does."""
    package = folder / name
    if (package / "__init__.py").is_file():
        inner = sorted(file for file in package.glob("*.py") if file.stem.isidentifier() and file.stem != "__init__")
        return [(name, package / "__init__.py"), *((f"{name}.{file.stem}", file) for file in inner)]
    module = folder / f"{name}.py"
    return [(name, module)] if module.is_file() else []


def _inside(file: Path, folder: Path) -> Path | None:
    """Return the real path of `file`, if that is within the real `folder`."""
    try:
        real = file.resolve(strict=True)
        real.relative_to(folder)
    except (OSError, ValueError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return None
    return real


class _Collector:
    """Companions found so far, within the limits on number and size."""

    def __init__(self, folder: Path | None, excluded: frozenset[Path], written: Mapping[str, str]) -> None:
        self._folder = folder
        self._excluded = excluded
        self._left_bytes = MAX_TOTAL_BYTES
        self._written = written
        self.found: dict[str, Companion] = {}
        self.notices: list[Notice] = []

    def add(self, name: str) -> list[str]:
        """Take in module or package `name`; return the texts taken."""
        texts = []
        if name in self._written:
            self.found[name] = Companion(name, self._written[name])
            return [self._written[name]]
        if self._folder is None:
            return []
        try:
            files = _files(self._folder, name)
        except (OSError, ValueError):
            return []
        for module, file in files:
            real = _inside(file, self._folder)
            if real is None or real in self._excluded or module in self.found:
                continue
            if (text := self._read(module, real)) is not None:
                self.found[module] = Companion(module, text)
                texts.append(text)
        return texts

    def _read(self, module: str, file: Path) -> str | None:
        message = f"{module} beside the submission was not taken along"
        if len(self.found) >= _MAX_MODULES:
            self.notices.append(Notice("load.companion_skipped", f"{message}: more than {_MAX_MODULES} modules"))
            return None
        try:
            content = read_regular(file, limit_bytes=self._left_bytes)
        except UnreadableError:
            self.notices.append(Notice("load.companion_skipped", f"{message}: unreadable, or more than 1 MB in all"))
            return None
        if (kind := foreign_format(content)) is not None:
            self.notices.append(Notice("load.companion_skipped", f"{message}: it is {kind}"))
            return None
        self._left_bytes -= len(content)
        text, notices = decode(content)
        self.notices.extend(Notice(n.code, f"{module}: {n.message}") for n in notices)
        return text


def find_companions(
    path: Path, texts: list[str], exclude: frozenset[Path], *, beside: bool = True
) -> tuple[tuple[Companion, ...], tuple[Notice, ...]]:
    """Modules that `texts`, of cells, write (`%%writefile`), those beside `path` that they seem to import, and so on.

    With `beside` false only the former. Modules are `NAME.py`, packages `NAME/`.

    What is written goes before what lies there. Left out: names of the standard library and of what the
    child has of its own, links that leave the folder, the resolved paths in `exclude` (other submissions, say), the
    submission itself, and what exceeds 1 MB or 1000 names in all (with a notice).
    """
    folder, excluded = None, exclude
    with suppress(OSError, RuntimeError):
        if beside:
            excluded = exclude | {path.resolve()}
            folder = path.parent.resolve(strict=True)
    collector = _Collector(folder, excluded, written_by_cells(texts))
    queue = deque(texts)
    seen = set(_TAKEN)
    most = len(seen) + _MAX_NAMES
    while queue:
        for name in imported_names(queue.popleft()):
            if name not in seen and len(seen) < most:
                seen.add(name)
                queue.extend(collector.add(name))
    if len(seen) == most:
        message = f"it seems to import {_MAX_NAMES} modules or more: what goes beyond was not looked for"
        collector.notices.append(Notice("load.companion_skipped", message))
    companions = tuple(collector.found[name] for name in sorted(collector.found))
    return companions, tuple(collector.notices)

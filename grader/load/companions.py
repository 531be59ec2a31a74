"""Files beside a submission that it seems to import: read as text, handed to the child, never imported here."""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from grader.errors import UnreadableError
from grader.load.files import read_regular
from grader.load.text import decode, foreign_format
from grader.model import Companion, Notice

__all__ = ["find_companions"]

MAX_TOTAL_BYTES = 1_000_000
_MAX_MODULES = 64
_MAX_NAMES = 1000
_TAKEN = sys.stdlib_module_names | {"grader", "inside", "numpy", "reference", "student_template", "submission", "torch"}
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([^\n#;]+))", re.MULTILINE)


def imported_names(text: str) -> Iterator[str]:
    r"""Top-level names that `text` seems to import, in order.

    >>> list(imported_names("import a.b as c, d\nfrom e.f import g\nfrom . import h"))
    ['a', 'd', 'e']
    """
    for match in _IMPORT.finditer(text):
        for part in (match[1] or match[2]).split(","):
            if name := re.match(r"\s*(\w+)", part):
                yield name[1]


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

    def __init__(self, folder: Path, excluded: frozenset[Path]) -> None:
        self._folder = folder
        self._excluded = excluded
        self._left_bytes = MAX_TOTAL_BYTES
        self.found: dict[str, Companion] = {}
        self.notices: list[Notice] = []

    def add(self, name: str) -> list[str]:
        """Take in module or package `name`; return the texts taken."""
        texts = []
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
    path: Path, texts: list[str], exclude: frozenset[Path]
) -> tuple[tuple[Companion, ...], tuple[Notice, ...]]:
    """Modules `NAME.py` and packages `NAME/` beside `path` that `texts` seem to import, and those that these import.

    Left out: names of the standard library and of what the child has of its own, links that leave the folder, the
    resolved paths in `exclude` (other submissions, say), the submission itself, and what exceeds 1 MB or 1000 names in
    all (with a notice).
    """
    try:
        folder = path.parent.resolve(strict=True)
        excluded = exclude | {path.resolve()}
    except (OSError, RuntimeError):
        return (), ()
    collector = _Collector(folder, excluded)
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

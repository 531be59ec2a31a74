"""Names that say nothing: pseudonyms for tables, random names for pages, and reports without a student's own.

Both come from the student's key by HMAC-SHA256 under a random key, which lies in the output folder: the same from one
grading to the next, and nobody who has not that file can tell whose they are, not even by trying every name.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from grader.cohort.outputs import write_output
from grader.contract import FUNCTIONS
from grader.errors import UsageError
from grader.report.prepare import map_text
from grader.result import Report

__all__ = ["KEY_FILE", "Names", "read_names", "without_names"]

KEY_FILE = "names.key"

_KEY = re.compile(r"[0-9a-f]{64}\n?")
_EVERYWHERE = frozenset({*FUNCTIONS, "ipynb", "json", "txt", "zip", "submission", "submissions", "submitted"})
_FILE_NAME = re.compile(r"[^\s/\\:;,()]+\.[A-Za-z]\w{0,5}\b")


class Names:
    """What students are called where their names must not stand."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def pseudonym(self, student: str) -> str:
        """The student's name in tables: 60 bits, so that no two of a course share one."""
        text = base64.b32encode(self._digest("student", student)).decode("ascii").lower()
        return f"anon-{text[:12]}"

    def page(self, student: str) -> str:
        """The name of the student's page: nobody guesses another's."""
        return self._digest("page", student).hex()[:32]

    def _digest(self, use: str, student: str) -> bytes:
        message = f"{use}\0{student}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, "sha256").digest()


def read_names(folder: Path, *, create: bool = False) -> Names | None:
    """The names of an output folder; without a key, None, or with `create` a new one. Raises UsageError or GraderError.

    Create only while the folder's store is open: two at once would draw two keys.
    """
    path = folder / KEY_FILE
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        if not create:
            return None
        text = secrets.token_hex(32)
        write_output(path, (text, "\n"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if _KEY.fullmatch(text) is None:
        raise UsageError(f"{path}: not a key: expected 64 hexadecimal digits; bring the file back, or move it away")
    return Names(bytes.fromhex(text.strip()))


# ---------------------------------------------------------------------------- reports
def without_names(report: Report, pseudonym: str, known: Iterable[str]) -> Report:
    """The report under a pseudonym: what is `known` of the student (key, name, ids) stands nowhere in it, nor a file.

    Of what a submission itself says only those words are hidden.
    """
    path = report.submission.path
    change = _hiding((path, os.path.basename(path), *known), pseudonym)  # noqa: PTH119 - it may be no path at all
    ending = re.search(r"\.(?:py|ipynb)$", path, re.IGNORECASE)
    named = pseudonym + (ending[0].lower() if ending else "")
    report = map_text(report, change)
    reason = _FILE_NAME.sub("the file", report.reason.replace(pseudonym, named))
    return replace(report, submission=replace(report.submission, path=named), reason=reason)


def _hiding(known: Iterable[str], pseudonym: str) -> Callable[[str], str]:
    """A function that puts the pseudonym in place of each of `known`, and of each of their words."""
    wholes = set(known)
    words = {word for text in wholes for word in re.findall(r"[^\W_]+", text)}
    hidden = sorted(filter(_is_telling, wholes | words), key=lambda text: (-len(text), text))
    if not hidden:
        return lambda text: text
    choices = "|".join(map(re.escape, hidden))
    pattern = re.compile(rf"(?<![^\W_])(?:{choices})(?![^\W_])", re.IGNORECASE)
    return lambda text: pattern.sub(pseudonym, text)


def _is_telling(text: str) -> bool:
    """Whether it is worth hiding: not what stands in every text, a check's name or a number, say."""
    return len(text) >= (5 if text.isdecimal() else 3) and text.lower() not in _EVERYWHERE

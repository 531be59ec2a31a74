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
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path

from grader.cohort.our_words import our_words, words_of
from grader.cohort.outputs import write_output
from grader.errors import UsageError
from grader.report.prepare import map_text
from grader.result import Report

__all__ = ["KEY_FILE", "Names", "keys_of", "read_names", "without_names"]

KEY_FILE = "names.key"

_KEY = re.compile(r"[0-9a-f]{64}\n?")
_START, _END = r"(?<![^\W_])", r"(?![^\W_])"
_ALONE = re.compile(r"[^\W_]+")
_BETWEEN = r"[\s_.,'-]{1,3}"
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


def keys_of(students: Collection[str], names: Names | None) -> dict[str, str]:
    """The keys of students by what tables may call them: their keys, and their pseudonyms where there are some."""
    known = {student: student for student in students}
    return known if names is None else known | {names.pseudonym(student): student for student in students}


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

    Of what a submission itself says only those words are hidden; of those, one that is ours as well ("right", "you")
    only beside another, two of one name always. Versions and layers are ours alone.
    """
    path = report.submission.path
    change = _hiding(known, (path, os.path.basename(path)), pseudonym)  # noqa: PTH119 - it may be no path at all
    ending = re.search(r"\.(?:py|ipynb)$", path, re.IGNORECASE)
    named = pseudonym + (ending[0].lower() if ending else "")
    changed = map_text(report, change)
    reason = _FILE_NAME.sub("the file", changed.reason.replace(pseudonym, named))
    return replace(
        changed,
        submission=replace(changed.submission, path=named),
        reason=reason,
        provenance=report.provenance,
        isolation=report.isolation,
    )


def _hiding(names: Iterable[str], paths: Iterable[str], pseudonym: str) -> Callable[[str], str]:
    """A function that puts the pseudonym in place of names and paths, and of their words, alone or together.

    Two words of one name are hidden together whatever they are; two of a path may be a sentence of ours.
    """
    names = {_nfc(name) for name in names}
    known = names | {_nfc(path) for path in paths}
    wholes = {text for text in known if len(words_of(text)) > 1 or _is_telling(text)}
    words = {word for text in known for word in words_of(text)}
    if not words:
        return lambda text: text
    run = _any_of(words)
    runs = re.compile(rf"{_START}{run}(?:{_BETWEEN}{run})*{_END}", re.IGNORECASE)
    written = re.compile(rf"{_START}{_any_of(wholes)}{_END}", re.IGNORECASE) if wholes else None
    together = [_together(name) for name in sorted(names) if len(_own_words(name)) > 1]

    def hide(match: re.Match[str]) -> str:
        found = set(words_of(match[0]))
        if len(found) > 1:
            return pseudonym if any(len(word) > 1 and _is_no_word_of_ours(word) for word in found) else match[0]
        return _ALONE.sub(lambda word: pseudonym if _is_telling(word[0]) else word[0], match[0])

    def change(text: str) -> str:
        composed = _nfc(text)
        parts = [composed] if written is None else written.split(composed)
        for cut in together:
            parts = [piece for part in parts for piece in cut(part)]
        changed = pseudonym.join(runs.sub(hide, part) for part in parts)
        return text if changed == composed else changed

    return change


def _together(name: str) -> Callable[[str], list[str]]:
    """A function that cuts out of a text two or more different words of a name, in any order.

    Two initials are not enough: (X, T) stands in every report.
    """
    word = _any_of(_own_words(name))
    run = re.compile(rf"{_START}{word}(?:{_BETWEEN}{word})+{_END}", re.IGNORECASE)

    def cut(text: str) -> list[str]:
        pieces, start = [], 0
        for match in run.finditer(text):
            found = set(words_of(match[0]))
            if len(found) > 1 and any(len(word) > 1 or not word.isascii() for word in found):
                pieces.append(text[start : match.start()])
                start = match.end()
        return [*pieces, text[start:]]

    return cut


def _own_words(name: str) -> set[str]:
    """Its words but for numbers: [2, 3] stands in every report."""
    return {word for word in words_of(name) if not word.isdecimal()}


def _nfc(text: str) -> str:
    """As a name is usually typed; macOS writes accents apart from their letters."""
    return unicodedata.normalize("NFC", text)


def _any_of(texts: Iterable[str]) -> str:
    """A pattern for any of them, the longest first."""
    return f"(?:{'|'.join(map(re.escape, sorted(texts, key=lambda text: (-len(text), text))))})"


def _is_telling(text: str) -> bool:
    """Whether it is worth hiding where it stands alone: no number, and nothing that stands in every report."""
    return len(text) >= (5 if text.isdecimal() else 3) and (text.isdecimal() or _is_no_word_of_ours(text))


def _is_no_word_of_ours(text: str) -> bool:
    return not text.isdecimal() and text.lower() not in our_words()

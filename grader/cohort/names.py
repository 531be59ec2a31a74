"""Names of files, as people, learning platforms and attackers write them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

__all__ = [
    "CanvasName",
    "MoodleName",
    "canvas_name",
    "is_gradable",
    "is_junk",
    "is_module",
    "moodle_name",
    "safe_name",
    "shown_name",
    "split_suffix",
    "student_key",
]

_JUNK_FOLDERS = frozenset({"__macosx", "__pycache__", "node_modules", "site-packages", "venv"})
_JUNK_FILES = re.compile(r"~\$.*|#.*#|.*~|.*\.(?:bak|swp|swo|orig|tmp|pyc)|thumbs\.db|desktop\.ini|icon\r", re.DOTALL)
# a browser that does not know notebooks saves them as hw.ipynb.json or hw.ipynb.txt
_GRADABLE = re.compile(r".+\.(?:py|ipynb|(?:py|ipynb)\.txt|ipynb\.json)", re.IGNORECASE | re.DOTALL)
_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?=\.|$)", re.IGNORECASE)
_LONGEST = 100
_LONGEST_KEY = 120

# the name's own `_digits_` are squeezed out by Canvas, so the first pair of numbers is the ids
_CANVAS = re.compile(
    r"(?:(?P<name>[^\s./]*?)_(?P<late>LATE_)?(?P<user>[0-9]+)|(?P<anon_late>LATE_)?(?P<anon>anon_[^_\s./]+))"
    r"(?:_(?P<attachment>[0-9]+)_(?P<file>.+)|_(?P<online>text|link)\.html)",
    re.DOTALL,
)
_THIRD_NUMBER = re.compile(r"[0-9]+_.|(?:text|link)\.html$", re.DOTALL)
_MOODLE = re.compile(
    r"(?P<name>.*?)(?:_(?P<id>[0-9]+))?_assignsubmission_(?P<kind>[a-z0-9]+)(?:_(?P<file>.*))?", re.DOTALL
)
_SUFFIX = re.compile(r"(?P<stem>.+?)(?:-(?P<number>[0-9]{1,3}))?(?P<ending>\.[^.]+)", re.DOTALL)


@dataclass(frozen=True)
class CanvasName:
    """`NAME_[LATE_]USER_ATTACHMENT_FILE`; `anon_ID` for name and user; `…_text.html` has no attachment."""

    name: str
    user: str
    late: bool
    attachment: str | None
    file: str

    @property
    def doubtful(self) -> bool:
        """Whether the student's own name may end in what is taken for the user's id: a third number follows."""
        return self.attachment is not None and _THIRD_NUMBER.match(self.file) is not None


@dataclass(frozen=True)
class MoodleName:
    """`NAME_ID_assignsubmission_KIND`, a folder; with `_FILE` behind, a flat file; with a `_` alone, an old folder."""

    name: str
    participant: str | None
    kind: str
    file: str


def canvas_name(name: str) -> CanvasName | None:
    """Take apart the name of a file in Canvas's download.

    >>> canvas_name("smithanna_LATE_31_207_hw-1.py")
    CanvasName(name='smithanna', user='31', late=True, attachment='207', file='hw-1.py')
    """
    if (match := _CANVAS.fullmatch(name)) is None:
        return None
    user = match["user"] or match["anon"]
    file = match["file"] or f"{match['online']}.html"
    late = bool(match["late"] or match["anon_late"])
    return CanvasName(match["name"] or user, user, late, match["attachment"], file)


def moodle_name(name: str) -> MoodleName | None:
    """Take apart the name of a folder or flat file in Moodle's download.

    >>> moodle_name("Anna Smith_412_assignsubmission_file_")
    MoodleName(name='Anna Smith', participant='412', kind='file', file='')
    """
    if (match := _MOODLE.fullmatch(name)) is None:
        return None
    return MoodleName(match["name"] or match["id"] or name, match["id"], match["kind"], match["file"] or "")


def split_suffix(name: str) -> tuple[str, int]:
    """Return the name without the number that Canvas appends to a file handed in again, and the number.

    >>> split_suffix("hw-2.py"), split_suffix("hw.py")
    (('hw.py', 2), ('hw.py', 0))
    """
    if (match := _SUFFIX.fullmatch(name)) is None:
        return name, 0
    return match["stem"] + match["ending"], int(match["number"] or 0)


def is_gradable(name: str) -> bool:
    """Whether it is named as a script or notebook."""
    return _GRADABLE.fullmatch(name) is not None


def is_module(parts: tuple[str, ...]) -> bool:
    """Whether a file there could be imported: each part an identifier."""
    *folders, last = parts
    return last.endswith(".py") and last[:-3].isidentifier() and all(part.isidentifier() for part in folders)


def is_junk(parts: tuple[str, ...]) -> bool:
    """Whether no person made it: hidden, a cache, an editor's backup, what an operating system leaves behind."""
    if any(part.startswith(".") or part.lower() in _JUNK_FOLDERS for part in parts):
        return True
    return _JUNK_FILES.fullmatch(parts[-1].lower()) is not None


def shown_name(name: str) -> str:
    r"""Return `name` as one short line: what cannot be printed, or turns text around, becomes U+FFFD.

    >>> shown_name("hw\n\u202egpj.py")
    'hw��gpj.py'
    """
    text = "".join(c if c.isprintable() else "\ufffd" for c in unicodedata.normalize("NFC", name))
    return text if len(text) <= 3 * _LONGEST else f"{text[: 2 * _LONGEST]}…{text[-_LONGEST:]}"


def student_key(name: str) -> str:
    r"""Return a key fit for tables: `name` in NFC; where that loses something, with a hash, so no two people share one.

    >>> student_key("Anna"), student_key("an\u202ena")
    ('Anna', 'an�na~e01ee5cc')
    """
    normal = unicodedata.normalize("NFC", name)
    key = shown_name(normal)[:_LONGEST_KEY].strip()
    if key == normal:
        return key
    digest = hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{key}~{digest}"


def safe_name(name: str) -> str:
    r"""Return a name that any file system takes, in one folder, with the ending kept.

    >>> safe_name("../CON"), safe_name("aux.py"), safe_name("a:b\n.ipynb. ")
    ('.._CON', '_aux.py', 'a_b_.ipynb')
    """
    text = "".join(c if c.isprintable() else "_" for c in unicodedata.normalize("NFC", name))
    text = _UNSAFE.sub("_", text).rstrip(". ")
    text = f"_{text}" if _DEVICES.match(text) else text
    while len(text.encode()) > _LONGEST:
        stem, dot, ending = text.rpartition(".")
        text = f"{stem[:-1]}{dot}{ending}" if len(stem) > 1 and len(ending) <= 10 else text[:-1]
    return text or "_"

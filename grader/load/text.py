"""Bytes to text, whatever editor wrote them, and what bytes look like when they are no text at all."""

from __future__ import annotations

import codecs
import re

from grader.model import Notice

__all__ = ["clean", "decode", "foreign_format"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
# only families meant for files: punycode and idna take quadratic time, others are no encodings of text
_CODECS = re.compile(
    r"ascii|utf-|utf_|iso8859|iso2022|cp\d|mac-|mac_|koi8|gb|big5|euc_|shift_jis|johab|hz|tis|ptcp|kz1048|hp-"
)
_MAGIC_NUMBERS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive (or a Word document)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x7fELF", "a compiled program"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
    (b"{\\rtf", "a rich-text document"),
)
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\f\r\x1b"))
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    r"""Return `text` with LF line ends and without NULs; lone surrogates become U+FFFD.

    >>> clean("a\r\nb\rc\x00\ud800")
    'a\nb\nc�'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return _SURROGATE.sub("\ufffd", text)


def foreign_format(content: bytes) -> str | None:
    """Name what `content` is if it is plainly no text, else None."""
    for magic, name in _MAGIC_NUMBERS:
        if content.startswith(magic):
            return name
    if any(content.startswith(mark) for mark, _ in _BOMS):
        return None
    start = content[:65536]
    controls = len(start) - len(start.translate(None, _CONTROLS))
    if controls > len(start) // 20:
        return "binary data"
    head = content[:512].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page (download the file itself, not the page that shows it)"
    return None


def _declared(content: bytes) -> str | None:
    """Return the encoding that a PEP 263 cookie in one of the first two lines declares."""
    for line in content[:4096].splitlines()[:2]:
        if match := _COOKIE.match(line):
            return match[1].decode("ascii", "replace")
        if not _BLANK.match(line):
            return None
    return None


def _by_name(content: bytes, encoding: str) -> str | None:
    try:
        name = codecs.lookup(encoding).name
        return content.decode(name) if _CODECS.match(name) else None
    except (LookupError, ValueError):
        return None


def _guess(content: bytes) -> tuple[str, str]:
    for encoding in ("utf-8", "cp1252"):
        text = _by_name(content, encoding)
        if text is not None:
            return text, encoding
    return content.decode("latin-1"), "latin-1"


def decode(content: bytes) -> tuple[str, tuple[Notice, ...]]:
    """Text of `content` with LF line ends, and what was odd about it.

    A byte-order mark wins, then a PEP 263 cookie, then UTF-8; what is none of these is read as Windows-1252, else
    Latin-1, with a notice, as are a mark or cookie that the bytes contradict, and NULs (left out). Never fails.
    """
    notices: list[Notice] = []
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            body = content[len(mark) :]
            text = body.decode(encoding, "replace")
            if "\ufffd" in text and _by_name(body, encoding) is None:
                notices.append(Notice("load.encoding", f"some characters are not valid {encoding} and were replaced"))
            break
    else:
        declared = _declared(content)
        known = _by_name(content, declared) if declared else None
        if known is not None:
            text = known
        else:
            text, encoding = _guess(content)
            if declared:
                notices.append(
                    Notice("load.encoding", f"the file is not in the encoding it declares; read as {encoding}")
                )
            elif encoding != "utf-8":
                notices.append(Notice("load.encoding", f"the file is not UTF-8; read as {encoding}"))
    if "\0" in text:
        notices.append(Notice("load.nul_bytes", "the file holds NUL characters, which were left out"))
    return clean(text), tuple(notices)

"""Zips, read as hostile: what a name, size or kind of entry claims is checked before a byte of it is read.

Nothing is ever extracted by the archive's own names. An entry that is refused says why, and costs only itself.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from grader.closing import Closing
from grader.cohort.names import is_junk, shown_name

if TYPE_CHECKING:
    from zipfile import ZipInfo

__all__ = ["Archive", "ArchiveError", "Entry", "EntryError", "Limits"]

_MIB = 2**20
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_HEADER_BYTES = 30
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_DRIVE = ":"


class ArchiveError(Exception):
    """The zip cannot be read at all: says why."""


class EntryError(Exception):
    """A file cannot be read, or is not read for what it claims: says why."""


@dataclass(frozen=True)
class Limits:
    """What a zip may hold. `ratio` counts for entries of more than 1 MiB; text seldom shrinks to a hundredth.

    The last four are for one student's zip, for the modules beside one submission, and for all that is unpacked.
    """

    entries: int = 200_000
    directory_bytes: int = 64 * _MIB
    entry_bytes: int = 64 * _MIB
    ratio: int = 200
    depth: int = 32
    name_length: int = 1000
    student_files: int = 2000
    student_bytes: int = 128 * _MIB
    module_bytes: int = 4 * _MIB
    total_bytes: int = 64 * 1024 * _MIB


@dataclass(frozen=True)
class Entry:
    """A file or folder in a zip; `parts` is empty where the name is none to use, `trouble` says why it is refused."""

    info: ZipInfo
    parts: tuple[str, ...]
    shown: str
    is_folder: bool
    trouble: str = ""

    @property
    def time(self) -> tuple[int, ...]:
        """When it was last changed, by the zip; empty where the zip does not say."""
        return () if self.info.date_time == _NO_TIME else self.info.date_time


class Archive(Closing):
    """An open zip and its entries, junk left out. Raises ArchiveError if it is none, or holds too much."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        from zipfile import BadZipFile, ZipFile  # noqa: PLC0415 - 30 ms that a plain file need not wait for

        self._limits = limits
        _check_directory(file, limits)
        try:
            self._zip = ZipFile(file)
        except (BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
            reason = "a name in it is no valid UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            raise ArchiveError(f"no readable zip, or one cut short ({shown_name(reason)})") from None
        infos = self._zip.infolist()
        if len(infos) > limits.entries:
            self._zip.close()
            raise ArchiveError(f"it holds {len(infos)} files, more than {limits.entries}")
        overlapping = _overlapping(infos)
        self.entries = tuple(self._entries(infos, overlapping))

    def _entries(self, infos: list[ZipInfo], overlapping: set[int]) -> Iterator[Entry]:
        for info in infos:
            name = _decoded(info)
            parts, trouble = _parts(name, self._limits)
            if parts and is_junk(parts):
                continue
            if not trouble and id(info) in overlapping:
                trouble = "its data overlap another file's in the zip"
            trouble = trouble or next(_troubles(info, self._limits), "")
            yield Entry(info, parts, shown_name(name), name.endswith("/"), trouble)

    def read(self, entry: Entry) -> bytes:
        """Content of `entry`, checked against its checksum. Raises EntryError."""
        from zipfile import BadZipFile  # noqa: PLC0415 - as above

        if entry.trouble:
            raise EntryError(entry.trouble)
        try:
            with self._zip.open(entry.info) as file:
                content = file.read(self._limits.entry_bytes + 1)
        except BadZipFile as error:
            what = "its checksum is wrong" if "CRC" in str(error) else shown_name(str(error))
            raise EntryError(f"damaged in the zip ({what})") from None
        except (zlib.error, EOFError, OSError, ValueError, RuntimeError, struct.error) as error:
            raise EntryError(f"damaged in the zip ({shown_name(str(error)) or 'it ends too early'})") from None
        if len(content) != entry.info.file_size:
            raise EntryError("damaged in the zip (it ends too early)")
        return content

    def close(self) -> None:
        """Let go of the zip."""
        self._zip.close()


def _check_directory(file: BinaryIO, limits: Limits) -> None:
    """Refuse a zip whose list of files would by itself fill the memory: `zipfile` reads it whole.

    Which of several end records it goes by depends on the version of Python, so all of them are looked at.
    """
    size = file.seek(0, 2)
    start = max(0, size - 2**16 - 98)
    file.seek(start)
    tail = file.read()
    claims = []
    at = tail.find(b"PK\5\6")
    while at >= 0 and len(tail) - at >= 22:
        claims.append(struct.unpack_from("<L", tail, at + 12)[0])
        at = tail.find(b"PK\5\6", at + 1)
    at = tail.find(b"PK\6\6")
    while at >= 0 and len(tail) - at >= 56:
        claims.append(struct.unpack_from("<Q", tail, at + 40)[0])
        at = tail.find(b"PK\6\6", at + 1)
    worst = max((claim for claim in claims if claim <= size), default=0)  # larger ones cannot be, and are refused
    if worst > limits.directory_bytes:
        raise ArchiveError(f"its list of files takes {worst // _MIB} MiB, more than {limits.directory_bytes // _MIB}")


def _decoded(info: ZipInfo) -> str:
    """Return the entry's name, NULs and all; some tools write UTF-8 without the flag that says so."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")  # as old tools on Windows write it


def _parts(name: str, limits: Limits) -> tuple[tuple[str, ...], str]:
    """Return the parts of an entry's name and what is wrong with it; no parts if it leads elsewhere."""
    parts = tuple(unicodedata.normalize("NFC", part) for part in name.split("/") if part not in {"", "."})
    if name.startswith("/") or (parts and parts[0][1:2] == _DRIVE and parts[0][:1].isalpha()):
        return (), "its name is an absolute path"
    if ".." in parts:
        return (), "its name leads out of the folder"
    if not parts:
        return (), "it has no name"
    if len(name) > limits.name_length or len(parts) > limits.depth:
        return (parts[0], parts[-1])[: len(parts)], "its name is too long"
    if "\0" in name:
        return parts, "its name holds a NUL"
    return parts, ""


def _troubles(info: ZipInfo, limits: Limits) -> Iterator[str]:
    """Yield what the zip's list says of an entry that it is refused for."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        yield "it is a link, not a file"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        yield "it is a device or pipe, not a file"
    if info.flag_bits & _ENCRYPTED:
        yield "it is encrypted: it must be handed in without a password"
    if info.compress_type not in {_STORED, _DEFLATED}:
        yield f"it is packed by an unusual method ({info.compress_type}): zip it again the ordinary way"
    if info.file_size > limits.entry_bytes:
        yield f"it would unpack to {info.file_size // _MIB} MiB, more than {limits.entry_bytes // _MIB}"
    if info.file_size > max(_MIB, limits.ratio * info.compress_size):
        yield f"it would unpack to more than {limits.ratio} times its size"


def _overlapping(infos: list[ZipInfo]) -> set[int]:
    """Ids of the entries whose data share bytes with another's: one block of data told as a thousand files."""
    found: set[int] = set()
    last: ZipInfo | None = None
    reach = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if last is not None and info.header_offset < reach:
            found |= {id(last), id(info)}
        end = info.header_offset + _HEADER_BYTES + len(info.orig_filename) + info.compress_size
        if end > reach:
            last, reach = info, end
    return found

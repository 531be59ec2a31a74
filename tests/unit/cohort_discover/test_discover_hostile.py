"""Zips made to harm: a message names the entry, only its own student pays, and nothing is written elsewhere."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from discover_kit import CORRECT, NOTEBOOK, by_student, entry, files_below, put, texts, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cohort import archives
from grader.cohort.archives import Limits
from grader.cohort.discover import discover
from grader.cohort.handins import Handed, Unreadable
from grader.cohort.names import is_junk, safe_name, shown_name, student_key
from grader.cohort.private import PrivateFolder
from grader.errors import GraderError, UsageError

HARMLESS = ("ben/hw.py", CORRECT)
SECRET = "# somebody's secret\n" + CORRECT


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Where temporary folders go; nothing may be left there."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def patched(content, change, *, where=b"PK\1\2", name=b"anna/hw.py"):
    """The zip with `change(bytes, offset of the header)` made to the entry `name` of its list, or of its own header."""
    data = bytearray(content)
    size = 46 if where == b"PK\1\2" else 30
    at = next(m.start() for m in re.finditer(re.escape(where), content) if content[m.start() + size :].startswith(name))
    change(data, at)
    return bytes(data)


def flagged(data, at):
    data[at + 8] |= 1


def wrong_checksum(data, at):
    data[at + 16] ^= 0xFF


def odd_method(data, at):
    struct.pack_into("<H", data, at + 10, 99)


def lying_size(data, at):
    struct.pack_into("<L", data, at + 24, 5)


def huge_size(data, at):
    struct.pack_into("<L", data, at + 24, 2**31)


def points_elsewhere(data, at):
    struct.pack_into("<L", data, at + 42, 7)


def roomy(name):
    """An entry with slack after its header, so that a wrong place need not reach into the next one."""
    info = entry(name)
    info.extra = b"\xfe\xca\x08\x00" + bytes(8)
    return info


def both(*files):
    return zipped(*files, HARMLESS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (both((entry("anna/hw.py", kind=stat.S_IFLNK), "../ben/hw.py")), "a link"),
        (both((entry("anna/hw.py", kind=stat.S_IFCHR), "")), "a device or pipe"),
        (both((entry("anna/hw.py", kind=stat.S_IFIFO), "")), "a device or pipe"),
        (patched(both(("anna/hw.py", CORRECT)), flagged), "encrypted"),
        (patched(both(("anna/hw.py", CORRECT)), wrong_checksum), "checksum"),
        (patched(both(("anna/hw.py", CORRECT)), odd_method), "unusual method"),
        (patched(both(("anna/hw.py", CORRECT)), lying_size), "checksum"),
        (patched(both(("anna/hw.py", CORRECT)), huge_size), "would unpack to"),
        (patched(both((roomy("anna/hw.py"), CORRECT)), points_elsewhere), "damaged"),
        (both((entry("anna/hw.py"), b"\0" * (2 * 2**20))), "more than 200 times its size"),
        (both((entry("anna/hw.py", deflated=False), b"#" * (3 * 2**20))), ""),
        (both(("anna/hw.py\0.txt", CORRECT)), ""),
        (both(("anna/" + "x" * 1200 + ".py", CORRECT)), "too long"),
        (both(("anna/" + "d/" * 40 + "hw.py", CORRECT)), "too long"),
    ],
)
def test_a_bad_entry_costs_its_own_student(tmp_path, content, reason):
    path = put(tmp_path / "class.zip", content)
    before = files_below(tmp_path)
    with discover([path]) as cohort:
        found = by_student(cohort)
        assert texts(cohort)["ben"] == CORRECT
        anna = found["anna"].outcome
        if reason:
            assert isinstance(anna, Unreadable)
            assert re.search(reason, anna.reason), anna.reason
            assert "anna" in anna.shown
        else:
            assert isinstance(anna, Handed)
    assert files_below(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.py", "leads out"),
        ("anna/../../evil.py", "leads out"),
        ("..\\..\\evil.py", "leads out"),
        ("/tmp/evil.py", "absolute"),  # noqa: S108 - nothing is written there
        ("\\\\server\\share\\evil.py", "absolute"),
        ("C:\\evil.py", "absolute"),
        ("c:/evil.py", "absolute"),
    ],
)
def test_a_name_that_leads_elsewhere_is_nobody_s_and_told(tmp_path, name, reason):
    with discover([put(tmp_path / "class.zip", zipped((name, SECRET), HARMLESS))]) as cohort:
        assert texts(cohort) == {"ben": CORRECT}
        (problem,) = cohort.problems
        assert reason in problem.reason
        assert "evil.py" in problem.shown
    own = zipped((name, SECRET))
    with discover([put(tmp_path / "two.zip", zipped(("anna/own.zip", own), HARMLESS))]) as cohort:
        assert texts(cohort) == {"anna": None, "ben": CORRECT}
        assert reason in by_student(cohort)["anna"].outcome.reason
    assert not list(tmp_path.rglob("evil.py"))


def test_written_by_its_own_name_it_would_leave_the_folder(tmp_path):
    """The control: a writer that trusts names does what the test above shows not to happen."""
    with zipfile.ZipFile(put(tmp_path / "a.zip", zipped(("../evil.py", SECRET)))) as archive:
        put(tmp_path / "room" / archive.namelist()[0], archive.read("../evil.py"))
    assert (tmp_path / "evil.py").exists()


# ---------------------------------------------------------------------------- bombs
def test_with_the_limits_off_the_bomb_goes_off(tmp_path):
    bomb = put(tmp_path / "class.zip", both((entry("anna/hw.py"), b"\0" * (2 * 2**20))))
    with discover([bomb], limits=Limits(ratio=10_000)) as cohort:
        assert by_student(cohort)["anna"].outcome.path.stat().st_size == 2 * 2**20


def overlapping():
    """Two entries, one block of data: the second's own header points into the first."""
    content = zipped(("anna/hw.py", CORRECT), ("cleo/hw.py", CORRECT), HARMLESS)
    return patched(content, lambda data, at: struct.pack_into("<L", data, at + 42, 0), name=b"cleo/hw.py")


def test_overlapping_entries_are_refused_and_the_others_read(tmp_path):
    with discover([put(tmp_path / "class.zip", overlapping())]) as cohort:
        found = by_student(cohort)
        assert texts(cohort) == {"anna": None, "cleo": None, "ben": CORRECT}
        assert "overlap" in found["anna"].outcome.reason
        assert "overlap" in found["cleo"].outcome.reason


def test_with_the_check_off_an_overlapping_entry_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_overlapping", lambda _infos: set())
    with discover([put(tmp_path / "class.zip", overlapping())]) as cohort:
        assert texts(cohort)["anna"] == CORRECT


def test_with_the_check_off_a_link_s_target_is_taken_for_a_script(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_troubles", lambda _info, _limits: iter(()))
    content = both((entry("anna/hw.py", kind=stat.S_IFLNK), "../ben/hw.py"))
    with discover([put(tmp_path / "class.zip", content)]) as cohort:
        assert texts(cohort)["anna"] == "../ben/hw.py"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(student_files=3), "holds 5 files"),
        (Limits(student_bytes=2**20), "would unpack to 1 MiB, more than 1"),
        (Limits(total_bytes=2**18), "more than the limit in all would be unpacked"),
    ],
)
def test_a_student_s_zip_of_too_much_is_refused_and_the_others_read(tmp_path, limits, reason):
    noise = hashlib.shake_256(b"noise").hexdigest(200_000)
    own = zipped(*((f"m{n}.py", noise) for n in range(5)))
    content = zipped(("anna/own.zip", own), HARMLESS)
    with discover([put(tmp_path / "class.zip", content)]) as cohort:
        assert isinstance(by_student(cohort)["anna"].outcome, Handed)
    for name, data in (("anna/own.zip", own), HARMLESS):
        put(tmp_path / "class" / name, data)
    with discover([tmp_path / "class"], limits=limits) as cohort:
        assert texts(cohort) == {"anna": None, "ben": CORRECT}
        assert re.search(reason, by_student(cohort)["anna"].outcome.reason)


def test_a_zip_of_too_many_files_is_refused(tmp_path):
    path = put(tmp_path / "class.zip", zipped(*((f"s{n}.py", CORRECT) for n in range(30))))
    with pytest.raises(UsageError, match=r"class\.zip: it holds 30 files, more than 20"):
        discover([path], limits=Limits(entries=20))


@pytest.mark.parametrize("where", ["plain", "zip64"])
def test_a_list_of_files_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path, where, monkeypatch):
    content = zipped(*((f"s{n}.py", CORRECT) for n in range(30)))
    if where == "zip64":  # the end record of old says nothing, the new one is believed
        size, at = struct.unpack_from("<LL", content, len(content) - 10)
        record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 30, 30, size, at)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(content) - 22, 1)
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        content = content[:-22] + record + locator + end
    path = put(tmp_path / "class.zip", content)
    with discover([path]) as cohort:
        assert len(cohort.submissions) == 30
    monkeypatch.setattr(zipfile, "ZipFile", None)  # not even opened
    with pytest.raises(UsageError, match="its list of files takes"):
        discover([path], limits=Limits(directory_bytes=100))


def test_a_zip_within_zips_without_end_is_opened_once(tmp_path):
    own = zipped(("hw.py", CORRECT))
    for _ in range(5):
        own = zipped(("in.zip", own))
    with discover([put(tmp_path / "class.zip", zipped(("anna.zip", own), HARMLESS))]) as cohort:
        anna = by_student(cohort)["anna"]
        assert isinstance(anna.outcome, Unreadable)
        assert "holds another zip" in anna.review[0]


# ---------------------------------------------------------------------------- damage
WHOLE = zipped(("anna/hw.py", CORRECT), HARMLESS)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\5\6", WHOLE[:-30], WHOLE[: len(WHOLE) // 2], CORRECT.encode()])
def test_a_damaged_zip_is_named(tmp_path, content):
    with pytest.raises(UsageError, match=r"class\.zip: no readable zip, or one cut short"):
        discover([put(tmp_path / "class.zip", content)])
    for name, data in (("anna/own.zip", content), HARMLESS):
        put(tmp_path / "class" / name, data)
    with discover([tmp_path / "class"]) as cohort:
        assert texts(cohort) == {"anna": None, "ben": CORRECT}
        assert "own.zip" in by_student(cohort)["anna"].outcome.shown


def test_whatever_byte_is_wrong_nothing_but_our_own_errors_come_out(tmp_path):
    path = tmp_path / "class.zip"
    refused = 0
    for at in range(0, len(WHOLE), 2):
        path.write_bytes(WHOLE[:at] + bytes([WHOLE[at] ^ (1, 0x80, 0xFF)[at % 3]]) + WHOLE[at + 1 :])
        try:
            discover([path]).close()
        except UsageError:
            refused += 1
    assert 0 < refused < len(WHOLE)


# ---------------------------------------------------------------------------- names
def unflagged(name):
    """A zip whose name's bytes come without the flag that says they are UTF-8, as some tools write it."""
    content = zipped((f"{name}/hw.py", CORRECT), HARMLESS)
    data = bytearray(content)
    raw = name.encode()
    for where, flags, size in ((b"PK\1\2", 8, 46), (b"PK\3\4", 6, 30)):
        at = next(m.start() for m in re.finditer(where, content) if content[m.start() + size :].startswith(raw))
        data[at + flags + 1] &= ~0x08
    return bytes(data)


def test_utf_8_without_its_flag_is_read_as_such(tmp_path):
    with discover([put(tmp_path / "class.zip", unflagged("Jürgen"))]) as cohort:
        assert texts(cohort) == {"Jürgen": CORRECT, "ben": CORRECT}


def test_an_old_encoding_is_read_as_zip_says(tmp_path):
    content = unflagged("Jürgen").replace("Jürgen".encode(), "J\u00fcrgen\u00e9".encode("cp437")[:7])
    with discover(
        [put(tmp_path / "class.zip", content.replace("J\u00fc".encode(), "J\u00fce".encode("cp437")))]
    ) as cohort:
        assert any(key.startswith("J\u00fc") for key in texts(cohort))


def test_utf_8_that_is_none_is_told(tmp_path):
    content = zipped(("Jürgen/hw.py", CORRECT), HARMLESS).replace("ü".encode(), b"\xff\xff")
    with pytest.raises(UsageError, match="a name in it is no valid UTF-8"):
        discover([put(tmp_path / "class.zip", content)])


def test_names_that_look_alike_are_different_students(tmp_path):
    files = (
        ("anna/hw.py", CORRECT),
        ("an\u200bna/hw.py", CORRECT),
        ("an\u202ena/hw.py", CORRECT),
        ("Anna/hw.py", CORRECT),
    )
    with discover([put(tmp_path / "class.zip", zipped(*files))]) as cohort:
        assert len(by_student(cohort)) == 4
        for hand_in in cohort.submissions:
            assert hand_in.student.isprintable()
            assert hand_in.name.isprintable()
            assert hand_in.outcome.shown.isprintable()


@pytest.mark.parametrize(
    "name", ["con.py", "aux.ipynb", "a:b.py", "x\n.py", "\u202eyp.txt.py", "é" * 200 + ".py", "a.py", " .py"]
)
def test_odd_names_are_written_tamed(tmp_path, name):
    with discover([put(tmp_path / "class.zip", zipped((f"anna/{name}", CORRECT), HARMLESS))]) as cohort:
        path = by_student(cohort)["anna"].outcome.path
        assert path.read_text() == CORRECT
        assert path.suffix in {".py", ".ipynb"}
        assert len(path.name.encode()) <= 101
        assert path.name.isprintable()


NAMES = st.text(
    st.one_of(st.sampled_from("./\\:*\0\n\r\u202e\u200be\u0301 ~#-_0aA"), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(NAMES)
def test_a_safe_name_is_one_name_and_stays_as_it_is(name):
    safe = safe_name(name)
    assert safe == safe_name(safe)
    assert safe not in {"", ".", ".."}
    assert safe.isprintable()
    assert not set('<>:"/\\|?*\0') & set(safe)
    assert len(safe.encode()) <= 101
    assert safe == safe.rstrip(". ")


@settings(deadline=None)
@given(NAMES, NAMES)
def test_two_names_have_one_key_only_if_they_are_one_name(one, other):
    import unicodedata  # noqa: PLC0415

    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    assert (student_key(one) == student_key(other)) == same
    assert student_key(one).isprintable()
    assert shown_name(one).isprintable()


@settings(max_examples=60, deadline=None)  # it writes to disk
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_whatever_the_names_nothing_is_written_elsewhere_and_nothing_is_lost(names):
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        files = [(f"{name}/hw.py", CORRECT) for name in dict.fromkeys(names)]
        try:
            path = put(top / "class.zip", zipped(*files, HARMLESS))
        except UnicodeEncodeError:
            return
        with discover([path], "folder") as cohort:
            for hand_in in cohort.submissions:
                if isinstance(hand_in.outcome, Handed):
                    room = hand_in.outcome.path
                    assert room.read_text() == CORRECT
                    assert room.is_relative_to(Path(tempfile.gettempdir()).resolve())
            assert "ben" in texts(cohort)
            known = len(cohort.submissions) + len(cohort.problems) + len(cohort.dropped)
            written = [tuple(part for part in re.split(r"[/\\]", name) if part not in {"", "."}) for name, _ in files]
            assert known >= len([parts for parts in written if ".." in parts or not is_junk(parts)])
        assert files_below(top) == [path]


# ---------------------------------------------------------------------------- the private folder
def test_what_is_unpacked_is_its_owner_s_alone_and_gone_in_the_end(tmp_path, scratch):
    with discover(
        [put(tmp_path / "class.zip", zipped(("anna/hw.ipynb", NOTEBOOK), ("anna/helper.py", "x = 1\n")))]
    ) as cohort:
        path = by_student(cohort)["anna"].outcome.path
        assert len(files_below(scratch)) == 2
        if os.name != "nt":
            for folder in (*scratch.iterdir(), *(p for p in scratch.rglob("*") if p.is_dir())):
                assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            for file in files_below(scratch):
                assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not path.exists()
    cohort.close()


def test_it_is_gone_after_a_failure_too(tmp_path, scratch, monkeypatch):
    path = put(tmp_path / "class.zip", WHOLE)
    written = []

    def fail(_self, room, _parts, _content):
        written.append(files_below(scratch))
        assert room.is_dir()
        raise KeyboardInterrupt

    monkeypatch.setattr(PrivateFolder, "write", fail)
    with pytest.raises(KeyboardInterrupt):
        discover([path])
    assert written
    assert list(scratch.iterdir()) == []


def test_no_room_to_unpack_is_our_fault_and_no_mark(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(GraderError, match="no place to unpack to"):
        discover([put(tmp_path / "class.zip", WHOLE)])


def test_what_lies_on_disk_is_read_in_place(tmp_path, scratch):
    put(tmp_path / "class" / "anna" / "hw.py")
    with discover([tmp_path / "class"]) as cohort:
        assert by_student(cohort)["anna"].outcome.path == tmp_path / "class" / "anna" / "hw.py"
        assert list(scratch.iterdir()) == []


def test_a_student_s_folder_that_cannot_be_listed_is_no_student_lost(tmp_path, monkeypatch):
    put(tmp_path / "class" / "anna" / "hw.py")
    put(tmp_path / "class" / "ben" / "hw.py")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "anna":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        cohort = discover([tmp_path / "class"])
    assert texts(cohort) == {"anna": None, "ben": CORRECT}
    assert by_student(cohort)["anna"].outcome.reason == "cannot be listed: Permission denied"


def test_modules_without_end_are_not_all_unpacked(tmp_path, scratch):
    main = "import m0, m1, m2\n" + CORRECT
    own = zipped(("hw.py", main), *((f"m{n}.py", "#" * 500_000) for n in range(3)))
    with discover(
        [put(tmp_path / "c.zip", zipped(("anna/own.zip", own), HARMLESS))], limits=Limits(module_bytes=2**20)
    ) as c:
        assert texts(c)["anna"] == main
        assert sum(file.stat().st_size for file in files_below(scratch)) < 1_100_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
def test_a_pipe_on_disk_is_not_opened(tmp_path):
    put(tmp_path / "class" / "ben" / "hw.py")
    (tmp_path / "class" / "anna").mkdir()
    os.mkfifo(tmp_path / "class" / "anna" / "hw.py")
    os.mkfifo(tmp_path / "class" / "anna" / "hw.zip")
    with discover([tmp_path / "class"]) as cohort:
        assert texts(cohort) == {"anna": None, "ben": CORRECT}

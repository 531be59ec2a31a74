"""Fuzzed inputs end in documented exceptions, soon and in little memory; what once did not is kept here."""

from __future__ import annotations

import copy
import json
import struct
import sys
import time
from decimal import Decimal

import numpy as np
import pytest
from course_inputs import canonical, read_bank, read_rubric, sealed, small_bank
from engine import drawn, fuzz, strictly, tried
from targets import TARGETS, Target
from text_inputs import read_cell, read_file
from wire_inputs import read_frame

from grader import rubric_file
from grader.errors import RubricError
from grader.load import load_program, notebook
from grader.rubric_file import parse_rubric
from grader.sandbox.inside import frames

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, timers and limits of Unix")

INPUTS = 20_000
BY_NAME = {target.name: target for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_fuzzed_input_breaks_a_promise(target):
    with strictly():
        outcome = fuzz(target, drawn(target, 0, round(INPUTS * target.share)))
    assert not outcome.broken, outcome.broken[:3]
    assert outcome.inputs == round(INPUTS * target.share)
    refused = sum(count for end, count in outcome.ends.items() if end.endswith(("Error", "at once", "left out")))
    assert 0.05 < refused / outcome.inputs < 0.95, "inputs that are all right, or all wrong, find little"


# ---------------------------------------------------------------------------- found, and mended
def bank_with(*, rate):
    """A bank with the right hash, in which a learning rate is something else."""
    tree = copy.deepcopy(small_bank())
    args, _ = tree["checks"]["train"]["losses"][0]
    args[4] = rate
    return sealed(canonical(tree))


def frame(header, payload=b""):
    return struct.pack("<II", len(header), len(payload)) + header + payload


FOUND = {
    "a rubric's number with an endless exponent": (read_rubric, b"pass_mark = 1e9999999999999999999", "RubricError"),
    "a rubric's number with as small a one": (read_rubric, b"points.relu = 1e-9999999999999999999", "RubricError"),
    "a rubric's number of 5000 digits": (read_rubric, b"seed = " + b"9" * 5000, "RubricError"),
    "a float32 NaN that signals": (
        read_frame,
        frame(b'{"value":["a","f4",[1],0]}', bytes.fromhex("0100807f")),
        "read",
    ),
    "a float64 NaN that signals": (
        read_frame,
        frame(b'{"value":["a","f8",[],0]}', bytes.fromhex("010000000000f07f")),
        "read",
    ),
    "a frame's axes beyond memory": (read_frame, frame(b'{"value":["a","f8",[67108864,67108864],0]}'), "FrameError"),
    "a frame's lone surrogate as a number": (read_frame, frame(b'{"value":["f","\\ud800"]}'), "FrameError"),
    "a frame's endless number": (read_frame, frame(b'{"id":' + b"9" * 5000 + b"}"), "FrameError"),
    "a notebook of a number": (read_file, b"\x01" + b'{"cells":[3,[],null,{"cell_type":"code"}]}', "UnreadableError"),
    "a cookie that names no encoding of text": (read_file, b"\0#coding: punycode\nx", "script"),
    "a cell of brackets": (read_cell, b"\1" + b"[" * 5000, "left out"),
}


@pytest.mark.parametrize("name", FOUND)
def test_an_odd_input_ends_as_documented(name):
    read, data, end = FOUND[name]
    with strictly():
        assert tried(Target(name, 1, None, read), data)[:2] == (end, None)


@pytest.mark.parametrize("rate", [10**400, -(10**7), [[], [1e39]], [[], [-1e300]], [[0, 10**30], []], "0.1", True])
def test_a_number_beyond_all_measure_makes_a_bank_unreadable_without_a_warning(rate):
    with strictly():
        assert read_bank(bank_with(rate=0.125)) == "read"
        assert read_bank(bank_with(rate=rate)) == "BankError"


def test_a_number_that_cannot_be_read_is_told_with_its_line():
    for number in ("1e9999999999999999999", "9" * 5000):
        with pytest.raises(RubricError, match=r"^r.toml, line 2: a number with too many digits$"):
            parse_rubric(f"[points]\nrelu = {number}\n\n", "r.toml")


def notebook_of(cells):
    return b"\x01" + json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}).encode()


# each took seconds to hours before it was bounded
LARGE = {
    "imports": (read_file, b"\0import " + b",".join(b"a%d" % n for n in range(200_000)), "script"),
    "cells": (read_file, notebook_of(["x"] * 100_000), "notebook"),
    "cells that do not close": (read_cell, b"\0" + (b"x = (" + b"a" * 500 + b"\n") * 1000, "left out"),
    "lines that do not close": (read_cell, b"\0" + b"x = (\n" * 3000, "left out"),
    "dots in a key": (read_rubric, b"a." * 100_000 + b"a = 1", "RubricError"),
    "dots in a table's name": (read_rubric, b"[" + b"a." * 100_000 + b"a]", "RubricError"),
    "values in a frame": (read_frame, frame(b'{"value":["t",[' + b'["n"],' * 49_999 + b'["n"]]]}'), "read"),
    "arrays in a frame": (
        read_frame,
        frame(b'{"value":["t",[' + b",".join([b'["a","f8",[1,1,1,1,1,1],0]'] * 20_000) + b"]]}", bytes(8)),
        "FrameError",
    ),
    "nesting in a frame": (read_frame, frame(b"[" * 4_000_000), "FrameError"),
    "digits in a notebook": (read_file, b'\1{"cells":[],"a":' + b"9" * 8_000_000 + b"}", "UnreadableError"),
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_does_not_take_ages(name):
    read, data, end = LARGE[name]
    began = time.process_time()
    assert read(data) == end
    assert time.process_time() - began < 3


def test_imports_beyond_all_measure_are_told(tmp_path):
    file = tmp_path / "hw.py"
    file.write_text("import " + ",".join(f"a{n}" for n in range(2000)) + "\n", encoding="utf-8")
    assert [notice.code for notice in load_program(file).notices] == ["load.companion_skipped"]
    file.write_text("import " + ",".join(f"a{n}" for n in range(200)) + "\n", encoding="utf-8")
    assert load_program(file).notices == ()


# ---------------------------------------------------------------------------- the fuzzer itself
def _accept_objects(monkeypatch):
    monkeypatch.setitem(frames._DTYPES, "O", np.dtype(object))


def _believe_cells(monkeypatch):
    monkeypatch.setattr(notebook, "_mapping", lambda value: value)


def _believe_numbers(monkeypatch):
    monkeypatch.setattr(rubric_file, "Decimal", _Believing)


class _Believing(Decimal):
    """What the rubric's reader would make of numbers if it asked nothing of them."""

    def is_finite(self):
        return True


@pytest.mark.parametrize(
    ("name", "spoil"),
    [("frames", _accept_objects), ("line", _accept_objects), ("load", _believe_cells), ("rubric", _believe_numbers)],
)
def test_a_check_that_is_taken_out_is_soon_missed(name, spoil, monkeypatch):
    spoil(monkeypatch)
    with strictly():
        outcome = fuzz(BY_NAME[name], drawn(BY_NAME[name], 0, 2000), keep=1)
    assert outcome.broken


def _slow(_):
    began = time.process_time()
    while time.process_time() - began < 0.06:
        pass
    return "read"


def _warns(_):
    np.float64(1e300) * np.float64(1e300)
    return "read"


@pytest.mark.parametrize(
    ("read", "how"), [(_slow, "ms for"), (_warns, "RuntimeWarning"), (lambda data: data["x"], "TypeError")]
)
def test_what_takes_long_warns_or_raises_is_broken(read, how):
    with strictly():
        outcome = fuzz(Target("spoilt", 1, None, read), [b"x", b"y"])
    assert [how in broken.how for broken in outcome.broken] == [True, True]


def test_what_takes_much_memory_is_broken():
    kept = []

    def greedy(_):
        kept.append(bytearray(b"x") * (200 << 20))
        return "read"

    _, told, _ = tried(Target("greedy", 1, None, greedy), b"", limit_bytes=1 << 20)
    assert "MiB more memory" in told


def test_a_seed_gives_the_same_inputs_in_any_part():
    for target in TARGETS:
        assert list(drawn(target, 5, 60)) == list(drawn(target, 5, 70))[:60]
        assert list(drawn(target, 5, 60)) != list(drawn(target, 6, 60))

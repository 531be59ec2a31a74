"""What a child sends: frames, alone and in streams, read as the supervisor reads them."""

from __future__ import annotations

import json
import os
import struct
import time
from contextlib import suppress

import numpy as np
from mutations import any_json, damaged_bytes, damaged_json, damaged_tree, hostile_scalar, one_of

from grader.contract import FUNCTIONS
from grader.judge import helper_in, right_answer
from grader.model import Answered, Loaded, Location, Malformed, OutOfMemory, Raised
from grader.sandbox.inside import frames
from grader.sandbox.inside.frames import FrameError
from grader.sandbox.levels import Limits
from grader.sandbox.line import ChildGoneError, ChildLine
from grader.sandbox.subject import ConfinedSubject

__all__ = ["make_frame", "make_stream", "read_frame", "read_stream"]

_ARRAYS = (
    np.arange(6, dtype=np.float32).reshape(3, 2),
    np.array([np.nan, np.inf, -0.0]),
    np.array([[True, False]]),
    np.array(7),
    np.zeros((0, 3)),
)


def _frame(**header):
    """A frame as an honest child sends it; every value that stands under `value` or in `args` is encoded."""
    payload = bytearray()
    if "value" in header:
        header["value"] = frames.encode(header["value"], payload)
    if "args" in header:
        header["args"] = [frames.encode(item, payload) for item in header["args"]]
    return header, bytes(payload)


_PLACE = [2, 14]
_HONEST = (
    _frame(confined=True),
    _frame(started=3),
    _frame(
        loaded={
            "defined": {name: [1, 7] for name in FUNCTIONS},
            "others": ["helper", "plot"],
            "flat": False,
            "notices": [{"code": "general.crash", "message": "this statement was left out", "cell": 1, "line": 4}],
        }
    ),
    _frame(id=0, value=_ARRAYS[0], mutated=[0], evidence=["autograd"], location=_PLACE),
    _frame(id=1, value=(_ARRAYS[0], _ARRAYS[1], 0.5, None, True, 3)),
    _frame(id=2, value=([1.0, 2.0], [[1, 2], [3]], _ARRAYS[2], _ARRAYS[3], _ARRAYS[4])),
    _frame(id=3, raised="ValueError", message="no", location=_PLACE, missing=False),
    _frame(id=4, memory=True, location=[None, 3]),
    _frame(id=5, malformed="a dict"),
    _frame(help="forward", args=[_ARRAYS[0], 0.5, 1.0]),
    _frame(help="bptt_gradients", args=[_ARRAYS[0], _ARRAYS[0], _ARRAYS[3], 1.0]),
    _frame(help="relu", args=[_ARRAYS[1]]),
)
_FIELDS = sorted({name for header, _ in _HONEST for name in header})


_LIMITS = (0, 1, 4 << 20, (4 << 20) + 1, 64 << 20, (64 << 20) + 1, 2**31, 2**32 - 1)


def _packed(text, payload, rng):
    lengths = [len(text), len(payload)]
    if rng.random() < 0.08:
        at = rng.randrange(2)
        lengths[at] = rng.choice((*_LIMITS, max(0, lengths[at] - 1), lengths[at] + 1))
    return struct.pack("<II", *lengths) + text + payload


_FLOATS = ("0x1.8p+1", "nan", "inf", "-inf", "0x1p-1074", "0x1p+1024", "1e5", "x", "\u0663", "\ud800", "f" * 32)
_AXES = (0, 1, 2, 3, 3, -1, True, 1.0, 2**31, 64 << 20, 2**70)
_OFFSETS = (0, 0, 0, 1, 8, -1, 2**63, True, 0.0)
_DTYPES = ("f8", "f4", "i8", "b1", "O", "U9", "V8", "m8")


_SHAPES = ([], [1], [2], [3], [1, 2], [2, 1], [1, 3], [1] * 16)


def _array(rng):
    """What describes an array, one part in four of it odd."""
    name, shape, offset = rng.choice(("f8", "f4", "i8", "b1")), list(rng.choice(_SHAPES)), 0
    if rng.random() < 0.25:
        name = rng.choice(_DTYPES)
    if rng.random() < 0.25:
        shape = [rng.choice(_AXES) for _ in range(rng.choice((0, 1, 2, 2, 3, 16, 17, 40)))]
    if rng.random() < 0.25:
        offset = rng.choice(_OFFSETS)
    return ["a", name, shape, offset]


def _bytes(rng):
    """A payload: of any bits, or with a NaN that signals."""
    count = rng.choice((0, 8, 24, 48))
    return rng.randbytes(count) if rng.random() < 0.8 else rng.choice(_SIGNALLING) * (count // 8)


_SIGNALLING = (bytes.fromhex("010000000000f07f"), bytes.fromhex("0100807f0100807f"), bytes.fromhex("ffffffffffffffff"))


_LEAVES = {
    any_json: 1,
    lambda rng: ["f", rng.choice(_FLOATS)]: 2,
    lambda rng: ["b", rng.choice((True, False, 0, 1, "true"))]: 1,
    lambda _: ["n"]: 1,
    lambda rng: ["i", hostile_scalar(rng)]: 1,
    _array: 3,
}


def _value_tree(rng, depth=0):
    """A tagged value, of which one part in ten is not what its tag says."""
    if depth < 4 and rng.random() < 0.2:
        return ["t", [_value_tree(rng, depth + 1) for _ in range(rng.randrange(4))]]
    return one_of(rng, _LEAVES)


def _text(header):
    return json.dumps(header).encode()


def _honest(rng):
    header, payload = rng.choice(_HONEST)
    return _packed(_text(header), payload, rng)


def _odd_value(rng):
    return _packed(_text({"id": 0, "value": _value_tree(rng)}), _bytes(rng), rng)


def _odd_help(rng):
    function, count = rng.choice((("relu", 1), ("relu_derivative", 1), ("forward", 3), ("bptt_gradients", 4)))
    header = {"help": function, "args": [_value_tree(rng) for _ in range(count)]}
    return _packed(_text(header), _bytes(rng), rng)


def _damaged_header(rng):
    header, payload = rng.choice(_HONEST)
    return _packed(_text(damaged_tree(rng, header)), payload, rng)


def _odd_fields(rng):
    fields = {name: any_json(rng) for name in rng.sample(_FIELDS, rng.randrange(1, 5))}
    return _packed(_text({"id": 0, **fields}), b"", rng)


def _damaged_text(rng):
    header, payload = rng.choice(_HONEST)
    return _packed(damaged_json(rng, header), payload, rng)


_FRAMES = {
    _honest: 10,
    _odd_value: 25,
    _odd_help: 10,
    _damaged_header: 20,
    _odd_fields: 10,
    _damaged_text: 15,
    lambda rng: damaged_bytes(rng, _honest(rng)): 12,
    lambda rng: rng.randbytes(rng.randrange(64)): 3,
}


def make_frame(rng):
    """One frame, or what a child might send in its place."""
    return one_of(rng, _FRAMES)


def _subject():
    """A subject without a child: what reads headers needs none."""
    subject = ConfinedSubject.__new__(ConfinedSubject)

    class _NoSandbox:
        limits = Limits()

    subject._sandbox = _NoSandbox()
    return subject


_SUBJECT = _subject()
_HELPER = helper_in("sum", right_answer)
_PLAIN = (float, bool, int, type(None))


def _is_plain(value):
    if type(value) is tuple:
        return all(_is_plain(item) for item in value)
    if type(value) is np.ndarray:
        value - 1.0  # warns of a NaN that signals
        return value.dtype.kind in "fib"
    return type(value) in _PLAIN


def _is_location(place):
    return place is None or (
        type(place) is Location
        and all(n is None or (type(n) is int and 0 < n < 10**7) for n in (place.cell, place.line))
    )


def _is_text(text, limit):
    return type(text) is str and len(text) <= limit


def _check_loaded(loaded):
    assert type(loaded) is Loaded
    assert set(loaded.defined) <= set(FUNCTIONS)
    assert all(type(place) is Location and _is_location(place) for place in loaded.defined.values())
    assert len(loaded.others) <= 50
    assert len(loaded.notices) <= 200
    assert all(_is_text(name, 80) for name in loaded.others)
    for notice in loaded.notices:
        assert _is_text(notice.code, 60)
        assert _is_text(notice.message, 500)
        assert _is_location(notice.location)


def _check_observation(seen):
    place = getattr(seen, "location", None)
    assert _is_location(place)
    match seen:
        case Answered(value, mutated, evidence):
            assert _is_plain(value)
            assert len(mutated) <= 8 >= len(evidence)
            assert all(type(n) is int for n in mutated)
            assert all(_is_text(text, 40) for text in evidence)
        case Raised(kind, message, missing=missing):
            assert _is_text(kind, 80)
            assert _is_text(message, 500)
            assert type(missing) is bool
        case Malformed(reason):
            assert _is_text(reason, 500)
        case _:
            assert type(seen) is OutOfMemory


def _read_header(header, payload):
    """Everything that the subject would read of one frame."""
    if "loaded" in header:
        _check_loaded(ConfinedSubject._read_loaded(header["loaded"]))
    tagged, function = header.get("args"), header.get("help")
    if isinstance(tagged, list):
        arguments = tuple(frames.decode(item, payload) for item in tagged[:8])
        assert _is_plain(arguments)
        if isinstance(function, str) and function in FUNCTIONS:
            frames.encode(_HELPER(function, arguments), bytearray())
    _check_observation(_SUBJECT._read(header, payload))


def read_frame(data):
    """One frame from memory, as `ChildLine.receive` takes it from a pipe."""
    try:
        if len(data) < frames.PREFIX.size:
            return "short"
        header_length, payload_length = frames.prefix_lengths(data[: frames.PREFIX.size])
        body = data[frames.PREFIX.size :]
        if len(body) < header_length + payload_length:
            body += b" " * min(256, header_length + payload_length - len(body))
        header = frames.parse_header(body[:header_length])
        assert type(header) is dict
        _read_header(header, body[header_length : header_length + payload_length])
    except FrameError:
        return "FrameError"
    return "read"


# ---------------------------------------------------------------------------- the line
def make_stream(rng):
    """One to eight frames, one after the other."""
    return b"".join(make_frame(rng) for _ in range(rng.choice((1, 2, 4, 8))))


def read_stream(data):
    """Frames through a real pipe until something ends them; the child then closes its end."""
    questions_read, questions_write = os.pipe()
    answers_read, answers_write = os.pipe()
    output_read, output_write = os.pipe()
    line = ChildLine(
        questions=questions_write, answers=answers_read, output=output_read, output_bytes=1000, finish=lambda _: None
    )
    seen = 0
    try:
        assert os.write(answers_write, data) == len(data)
        os.write(output_write, data[:40])
        os.close(answers_write)
        while True:
            header, payload = line.receive(deadline=time.monotonic() + 5)
            with suppress(FrameError):  # its fault is the answer's, the stream goes on
                _read_header(header, payload)
            seen += 1
    except (FrameError, ChildGoneError) as fault:
        return f"{type(fault).__name__} {'after some' if seen else 'at once'}"
    finally:
        line.close()
        os.close(questions_read)
        os.close(output_write)

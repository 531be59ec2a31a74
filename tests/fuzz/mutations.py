"""Inputs from valid ones by small, seeded damage: to bytes, to JSON text, and to the data behind it.

Everything is drawn from one `random.Random`, so an input is known by seed and number.
"""

from __future__ import annotations

import copy
import json

__all__ = [
    "HOSTILE_TEXTS",
    "any_json",
    "damaged_bytes",
    "damaged_json",
    "damaged_text",
    "damaged_tree",
    "hostile_scalar",
    "one_of",
    "spliced",
]

HOSTILE_NUMBERS = (
    0, -1, 1, 2, 7, 255, 4096, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64,
    10**30, -(10**400), 0.0, -0.0, 0.5, 1e-320, 1e308, 1e39, -1e39, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
HOSTILE_TEXTS = (
    *("", "\0", "\ud800", "a\udfff\ud800b", "\ufeff", "\u202e", "\x1b[31m", "\n", "\r\n", "{", "[", '"', "\\"),
    *("nan", "inf", "-inf", "0x1p+1024", "0x", "1e999", "0x1.8p+1", "\u0661\u0662", "0x" + "f" * 29 + "p", "a" * 33),
    *("f", "i", "a", "t", "n", "b", "f4", "f8", "i8", "b1", "O", "relu", "__class__", "python", "code", "True"),
    *("%%bash", "x" * 5000, "import os", "coding: utf-7"),
)
_BYTES = tuple(
    [bytes([n]) for n in (0, 1, 9, 10, 13, 0x1B, 0x22, 0x5B, 0x5C, 0x7B, 0x7F, 0x80, 0xC0, 0xED, 0xFE, 0xFF)]
    + [
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xff\xfe\0\0",
        b"\0\0\xfe\xff",
        b"\xed\xa0\x80",
        b"\r\n",
        b"\\ud800",
    ]
    + [b"[" * 40, b"]" * 40, b'{"a":' * 40, b"NaN", b"-Infinity", b"1e999", b"9" * 60, b"null", b"true", b'""', b","]
    + [b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\0\0@\0", b"\x01\0@\0", b"\0\0\0\x04"]
)
_NESTING = (3, 14, 15, 16, 60, 990, 3000)


def one_of(rng, ways):
    """What one of `ways`, {function: how often}, makes."""
    (make,) = rng.choices(tuple(ways), tuple(ways.values()))
    return make(rng)


def hostile_scalar(rng):
    """A scalar of JSON, most likely one that somebody forgot."""
    draw = rng.random()
    if draw < 0.45:
        return rng.choice(HOSTILE_NUMBERS)
    if draw < 0.85:
        return rng.choice(HOSTILE_TEXTS)
    return rng.choice((None, True, False, [], {}))


def any_json(rng, depth=0):
    """Data of any shape, small."""
    draw = rng.random()
    if depth > 3 or draw < 0.6:
        return hostile_scalar(rng)
    if draw < 0.8:
        return [any_json(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(HOSTILE_TEXTS): any_json(rng, depth + 1) for _ in range(rng.randrange(4))}


# ---------------------------------------------------------------------------- data
def _containers(tree):
    """Every list and table that holds something."""
    found, queue = [], [tree]
    while queue:
        node = queue.pop()
        inner = node.values() if type(node) is dict else node if type(node) is list else ()
        if inner:
            found.append(node)
            queue.extend(inner)
    return found


def _damage_at(rng, node):
    keys = list(node) if type(node) is dict else range(len(node))
    key = rng.choice(keys)
    what = rng.randrange(9)
    if what == 0:
        del node[key]
    elif what == 1:
        node[key] = [node[key]]
    elif what == 2:
        node[key] = any_json(rng)
    elif what == 3 and type(node) is dict:
        node[rng.choice(HOSTILE_TEXTS)] = node.pop(key)
    elif what == 4 and type(node) is list:
        node.insert(key, copy.deepcopy(node[rng.randrange(len(node))]))
    elif what == 5 and type(node) is list:
        node *= rng.randrange(1, 6)
    elif what == 6:
        node[key] = node[rng.choice(keys)]
    elif what == 7 and type(node[key]) is str:
        node[key] = damaged_text(rng, node[key])
    else:
        node[key] = hostile_scalar(rng)


def damaged_tree(rng, tree):
    """A copy of JSON data with one to four places changed."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        containers = _containers(tree)
        if not containers:
            return any_json(rng)
        _damage_at(rng, rng.choice(containers))
        if len(containers) > 500:  # it grew too often
            break
    return tree


def damaged_text(rng, text):
    """Text with a piece put in, taken out or repeated."""
    at = rng.randrange(len(text) + 1)
    to = min(len(text), at + rng.randrange(8))
    what = rng.randrange(4)
    if what == 0:
        return text[:at] + text[to:]
    if what == 1:
        return text[:at] + text[at:to] * rng.randrange(2, 40) + text[to:]
    return text[:at] + rng.choice(HOSTILE_TEXTS) + text[to:]


# ---------------------------------------------------------------------------- JSON text
def damaged_json(rng, tree, *, ascii_only=True):
    """The bytes of `tree` after damage that data cannot express: duplicate keys, deep nesting, NaN, huge numbers."""
    text = json.dumps(tree, ensure_ascii=ascii_only)
    what = rng.randrange(8)
    at = rng.randrange(len(text) + 1)
    if what == 0:
        depth = rng.choice(_NESTING)
        text = text[:at] + "[" * depth + "]" * (depth if rng.random() < 0.5 else 0) + text[at:]
    elif what == 1:
        text = text.replace("{", '{"cells":1,"value":["n"],', 1)
    elif what == 2:
        text = text.replace(
            rng.choice("0123456789"), rng.choice(("NaN", "1e999", "9" * 5000, "-0", "1E+2", "0x1", "01")), 1
        )
    elif what == 3:
        text = text[:at]
    elif what == 4:
        text += rng.choice((" ", "\n", text, "x", "\0", "{}"))
    return text.encode("utf-8", "surrogatepass")


# ---------------------------------------------------------------------------- bytes
def spliced(rng, one, other):
    """The beginning of one input and the end of another."""
    return one[: rng.randrange(len(one) + 1)] + other[rng.randrange(len(other) + 1) :]


def damaged_bytes(rng, data):
    """`data` with one to eight small changes: bits, bytes, pieces in, out, moved, and cut off."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(7)
        if what == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif what == 1 and at < len(data):
            data[at] = rng.randrange(256)
        elif what == 2:
            data[at:at] = rng.choice(_BYTES)
        elif what == 3:
            del data[at : at + rng.choice((1, 2, 4, 16, 64))]
        elif what == 4:
            piece = rng.choice(_BYTES)
            data[at : at + len(piece)] = piece
        elif what == 5:
            data[at:at] = data[at : at + rng.choice((1, 4, 16, 64))]
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)

"""The wire between supervisor and child: bounded frames of plain data, nothing that could be executed.

A frame is `<u32 header length> <u32 payload length> <header: JSON> <payload: raw array bytes>`. Values
in a header are small tagged lists (see `encode` and `decode`); array bytes lie in the payload. Both
sides use this module; the supervisor reads hostile bytes with it, so `decode` checks everything and
raises FrameError, never anything else.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any, NoReturn

import numpy as np

__all__ = [
    "HEADER_LIMIT",
    "OUR_FAILURE",
    "PAYLOAD_LIMIT",
    "PREFIX",
    "FrameError",
    "Unspeakable",
    "decode",
    "encode",
    "pack",
    "parse_header",
    "prefix_lengths",
]

OUR_FAILURE = 120
"""Exit status of a child in which the grader's own code failed: nothing else gives it before the submission runs."""
HEADER_LIMIT = 4 << 20
PAYLOAD_LIMIT = 16 << 20
PREFIX = struct.Struct("<II")

_DTYPES: dict[str, np.dtype[Any]] = {
    "f8": np.dtype("<f8"),
    "f4": np.dtype("<f4"),
    "i8": np.dtype("<i8"),
    "b1": np.dtype("bool"),
}
_KINDS = {"f": "f8", "i": "i8", "u": "i8", "b": "b1"}
_MAX_DEPTH = 12
_MAX_NODES = 50_000
_MAX_AXES = 16
_INT64 = 1 << 63


class FrameError(Exception):
    """The bytes are no frame, or hold what a frame may not hold."""


class Unspeakable(Exception):  # noqa: N818 - reads as what it says: the value has no form on the wire
    """A value that is no number, array or nesting of these; the message names its type."""


def pack(header: object, payload: bytes | bytearray = b"") -> bytes:
    """One frame as bytes. Raises FrameError past the limits."""
    text = _ENCODE(header).encode("ascii")
    if len(text) > HEADER_LIMIT or len(payload) > PAYLOAD_LIMIT:
        raise FrameError("frame too large")
    return PREFIX.pack(len(text), len(payload)) + text + payload


def prefix_lengths(prefix: bytes | bytearray) -> tuple[int, int]:
    """Header and payload length. Raises FrameError past the limits."""
    header, payload = PREFIX.unpack(prefix)
    if header > HEADER_LIMIT or payload > PAYLOAD_LIMIT:
        raise FrameError("frame too large")
    return int(header), int(payload)


def _refuse_constant(name: str) -> NoReturn:
    raise FrameError(f"{name} in a frame header")


def parse_header(text: bytes) -> dict[str, Any]:
    """The header as a dict. Raises FrameError."""
    try:
        header = _DECODE(text.decode("ascii"))
    except FrameError:
        raise
    except (ValueError, RecursionError, MemoryError) as fault:
        raise FrameError(f"unreadable header: {type(fault).__name__}") from None
    if not isinstance(header, dict):
        raise FrameError("a header must be an object")
    return header


_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_DECODE = json.JSONDecoder(parse_constant=_refuse_constant).decode


# ---------------------------------------------------------------------------- writing
class _Writer:
    """Collects the payload while values are turned into tagged lists."""

    def __init__(self, payload: bytearray) -> None:
        self.payload = payload
        self.nodes = 0

    def array(self, value: np.ndarray) -> list[Any]:
        kind = _KINDS.get(value.dtype.kind)
        if kind is None:
            if value.dtype == object:
                return self.value(value.tolist(), 1)
            raise Unspeakable(f"an array of {value.dtype}")
        name = "f4" if value.dtype == np.float32 else kind
        if value.dtype == np.uint64 and value.size and int(value.max()) >= _INT64:
            name = "f8"
        raw = value.astype(_DTYPES[name], copy=False).tobytes()
        offset = len(self.payload)
        if offset + len(raw) > PAYLOAD_LIMIT:
            raise Unspeakable(f"an array of shape {value.shape}: larger than {PAYLOAD_LIMIT >> 20} MiB")
        self.payload += raw
        return ["a", name, list(value.shape), offset]

    def sequence(self, value: list[Any] | tuple[Any, ...] | range, depth: int) -> list[Any]:
        if len(value) > _MAX_NODES:
            raise Unspeakable(f"a list of {len(value)} items")
        if value and all(type(item) is float for item in value):
            return self.array(np.array(value, dtype=np.float64))
        return ["t", [self.value(item, depth + 1) for item in value]]

    def value(self, value: Any, depth: int = 0) -> list[Any]:
        self.nodes += 1
        if depth > _MAX_DEPTH or self.nodes > _MAX_NODES:
            raise Unspeakable("lists nested too deeply, or holding too much")
        kind = type(value)
        if value is None or kind is bool:
            return ["n"] if value is None else ["b", value]
        if kind is float:
            return ["f", value.hex()]
        if isinstance(value, (list, tuple, range)):
            return self.sequence(value, depth)
        return self.array_like(value, kind)

    def array_like(self, value: Any, kind: type) -> list[Any]:
        if kind.__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
            return self.tensor(value)
        if isinstance(value, (np.ndarray, np.generic)):
            return self.array(np.asarray(value))
        return self.other(value)

    def tensor(self, value: Any) -> list[Any]:
        plain = value.detach()
        try:
            return self.array(plain.numpy())
        except (TypeError, RuntimeError):  # not on the CPU, not strided, of a dtype that NumPy lacks …
            return self.odd_tensor(plain)

    def odd_tensor(self, plain: Any) -> list[Any]:
        if plain.is_complex() or plain.is_quantized:
            raise Unspeakable(f"a tensor of {plain.dtype}")
        if plain.layout.__str__() != "torch.strided":
            plain = plain.to_dense()
        plain = plain.cpu().resolve_neg()
        if plain.dtype.is_floating_point and plain.dtype.itemsize < 4:
            plain = plain.float()
        return self.array(plain.numpy())

    def other(self, value: Any) -> list[Any]:
        """Subclasses and relatives of what the contract names: fractions, tensor subclasses, `__array__`, int-likes."""
        if isinstance(value, int):
            number = int(value)
            return ["i", number] if -_INT64 <= number < _INT64 else ["f", _to_float(number).hex()]
        if isinstance(value, float):
            return ["f", float(value).hex()]
        if hasattr(value, "detach") and hasattr(value, "numpy"):
            return self.tensor(value)
        if hasattr(value, "__array__"):
            return self.array(np.asarray(value))
        if hasattr(value, "__float__") and not isinstance(value, (str, bytes)):
            return ["f", _to_float(value).hex()]
        raise Unspeakable(type(value).__name__)


def _to_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def encode(value: Any, payload: bytearray) -> list[Any]:
    """Turn an answer (or an argument) into a tagged list, its arrays appended to `payload`.

    Tensors come from any device and dtype but complex. Raises Unspeakable, or whatever a hostile object raises.
    """
    return _Writer(payload).value(value)


# ---------------------------------------------------------------------------- reading
def decode(tagged: Any, payload: bytes | memoryview) -> Any:
    """The value of a tagged list: NumPy arrays (float64, int64, bool; read-only), numbers, None, tuples.

    Raises FrameError on anything else, and on arrays that together hold more than the payload (the same
    bytes named a thousand times would fill the memory).

    >>> buffer = bytearray()
    >>> decode(encode([1.5, (2, True)], buffer), bytes(buffer))
    (1.5, (2, True))
    """
    return _Reader(payload).value(tagged)


class _Reader:
    """Turns tagged lists into values, while the bytes of the payload last."""

    def __init__(self, payload: bytes | memoryview) -> None:
        self.payload = payload
        self.unread = len(payload)

    def value(self, tagged: Any, depth: int = 0) -> Any:
        if depth > _MAX_DEPTH + 2 or type(tagged) is not list or not tagged:
            raise FrameError("not a value")
        if tagged[0] == "a" and len(tagged) == 4:  # by far the most, and a match of them all is slow
            return self.array(*tagged[1:])
        match tagged:
            case ["f", str(text)] if len(text) <= 32:
                try:
                    return float.fromhex(text)
                except (ValueError, OverflowError):
                    raise FrameError("not a number") from None
            case ["b", bool(truth)]:
                return truth
            case ["n"]:
                return None
            case ["i", int(number)] if type(number) is int and -_INT64 <= number < _INT64:
                return number
            case ["t", list(items)] if len(items) <= _MAX_NODES:
                return tuple(self.value(item, depth + 1) for item in items)
        raise FrameError("not a value")

    def array(self, name: Any, shape: Any, offset: Any) -> np.ndarray:
        dtype = _DTYPES.get(name) if type(name) is str else None
        if dtype is None or type(offset) is not int or type(shape) is not list or len(shape) > _MAX_AXES:
            raise FrameError("not an array")
        count = 1
        for n in shape:
            if type(n) is not int or not 0 <= n <= PAYLOAD_LIMIT:
                raise FrameError("not an array")
            count *= n
        if count == 0:  # however odd its other axes, an empty array is just empty
            return np.zeros([min(n, 1) for n in shape] if len(shape) > 1 else 0, np.float64)
        if offset < 0 or count > PAYLOAD_LIMIT or offset + count * dtype.itemsize > len(self.payload):
            raise FrameError("an array outside its frame")
        self.unread -= count * dtype.itemsize
        if self.unread < 0:
            raise FrameError("more arrays than bytes")
        if name == "b1":  # any byte but 0 and 1 is undefined as a bool
            return (
                np.frombuffer(self.payload, np.uint8, count, offset).reshape(shape).astype(bool)
            )  # 0-d stays an array
        flat: np.ndarray = np.frombuffer(self.payload, dtype, count, offset)
        if dtype.kind == "f" and np.count_nonzero(np.isnan(flat)):  # any() takes thrice as long
            with np.errstate(invalid="ignore"):  # a signalling NaN would have whoever computes with it warn
                flat = np.asarray(flat.astype(np.float64) * 1.0)  # it is quiet now
        if name == "f4":
            flat = flat.astype(np.float64)
        return flat.reshape(shape)

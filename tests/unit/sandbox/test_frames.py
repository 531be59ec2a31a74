"""Frames: what goes in comes out, and hostile bytes give FrameError and nothing else, soon and in little memory."""

import contextlib
import fractions
import itertools
import json
import math
import struct
import time
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.sandbox.inside import frames
from grader.sandbox.inside.frames import FrameError, Unspeakable, decode, encode

QUICK = settings(max_examples=150, deadline=None, database=None, derandomize=True)


def sent(value):
    """`value` as it comes out at the other end of a pipe."""
    payload = bytearray()
    frame = frames.pack({"value": encode(value, payload)}, payload)
    header_length, payload_length = frames.prefix_lengths(frame[: frames.PREFIX.size])
    text = frame[frames.PREFIX.size :][:header_length]
    assert len(frame) == frames.PREFIX.size + header_length + payload_length
    return decode(frames.parse_header(text)["value"], frame[frames.PREFIX.size + header_length :])


def same(a, b):
    return type(a) is type(b) and repr(a) == repr(b)  # so that a nan is itself, and -0.0 not 0.0


# ---------------------------------------------------------------------------- round trips
@QUICK
@given(st.one_of(st.floats(), st.booleans(), st.none(), st.integers(-(2**63), 2**63 - 1)))
def test_scalars_come_out_as_they_went_in(value):
    assert same(sent(value), value)


def test_integers_too_large_for_a_word_become_floats_of_their_sign():
    assert same(sent(2**63), float(2**63))
    assert same(sent(10**400), math.inf)
    assert same(sent(-(10**400)), -math.inf)


REAL = st.one_of(
    hnp.floating_dtypes(endianness="?"),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.boolean_dtypes(),
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)


@QUICK
@given(hnp.arrays(REAL, SHAPES))
def test_arrays_keep_shape_and_values(array):
    with np.errstate(over="ignore"):
        wide = array.astype(np.float64) if array.dtype.kind in "fu" else array
    got = sent(array)
    assert got.shape == array.shape
    assert got.dtype in (np.float64, np.int64, np.bool_)
    assert np.array_equal(got, wide, equal_nan=array.dtype.kind == "f")


@QUICK
@given(hnp.arrays(np.float32, SHAPES), st.sampled_from(["T", "step", "flip", "field"]))
def test_arrays_that_are_not_contiguous_keep_their_values(array, how):
    views = {"T": array.T, "step": array[..., ::2] if array.ndim else array, "flip": np.flip(array)}
    odd = views.get(how, array.view([("x", np.float32)])["x"] if array.ndim else array)
    assert np.array_equal(sent(odd), odd, equal_nan=True)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_an_empty_array_stays_empty(shape):
    got = sent(np.zeros(shape))
    assert (got.ndim, got.size) == (len(shape), 0)


DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
]  # fmt: skip
VARIANTS = {
    "plain": lambda t: t,
    "zero axes": lambda t: t[0, 0],
    "transposed": lambda t: t.T,
    "strided": lambda t: t[:, ::2],
    "expanded": lambda t: t[:1].expand(3, -1),
    "sparse": lambda t: t.to_sparse(),
    "csr": lambda t: t.to_sparse_csr(),
    "tracked": lambda t: t.requires_grad_() if t.is_floating_point() else t,
    "computed": lambda t: t.requires_grad_() * 1 if t.is_floating_point() else t,
    "parameter": lambda t: torch.nn.Parameter(t, requires_grad=False),
    "negated lazily": lambda t: torch._neg_view(t) if t.is_floating_point() else t,
}


@pytest.mark.filterwarnings("ignore:Sparse (CSR|invariant):UserWarning")
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_tensors_of_every_kind_keep_shape_and_values(dtype, variant):
    tensor = VARIANTS[variant](torch.tensor([[1, 0, 2], [3, 0, 1]]).to(dtype))
    got = sent(tensor)
    plain = tensor.detach()
    expected = (plain.to_dense() if plain.layout != torch.strided else plain).double().resolve_neg().numpy()
    assert got.shape == expected.shape
    assert np.array_equal(got, expected)


def test_nan_and_infinities_survive():
    for make in (torch.tensor, np.array, list):
        got = sent(make([math.nan, math.inf, -math.inf, -0.0]))
        assert math.isnan(got[0])
        assert list(got[1:]) == [math.inf, -math.inf, 0.0]
        assert math.copysign(1, got[3]) == -1


@QUICK
@given(st.recursive(st.one_of(st.integers(-9, 9), st.booleans(), st.none()), st.lists, max_leaves=8))
def test_lists_and_tuples_come_out_as_tuples(value):
    def tuples(item):
        return tuple(map(tuples, item)) if isinstance(item, list) else item

    assert sent(value) == tuples(value)


class AlwaysEqual(int):
    def __eq__(self, _other):
        return True

    __hash__ = int.__hash__


class Tracked(torch.Tensor):
    pass


class Wrapped:
    def __array__(self, dtype=None, copy=None):
        return np.array([1.0, 2.0])


class Convertible:
    def __float__(self):
        return 2.5


def test_relatives_of_numbers_become_plain_ones():
    assert type(sent(AlwaysEqual(3))) is int
    assert sent(AlwaysEqual(3)) != 4
    assert same(sent(fractions.Fraction(1, 4)), 0.25)
    assert same(sent(Convertible()), 2.5)
    assert sent(Wrapped()).tolist() == [1.0, 2.0]
    assert sent(torch.ones(2).as_subclass(Tracked)).tolist() == [1.0, 1.0]
    assert sent(np.array([1, 2.5, None], dtype=object)) == (1, 2.5, None)
    assert sent(np.float32(0.5)).tolist() == 0.5


@pytest.mark.parametrize(
    "value",
    ["1", b"1", {1: 2}, {1}, object(), (x for x in ()), 1j, np.zeros(2, complex), torch.zeros(2, dtype=torch.cfloat),
     np.array(["a"]), np.zeros(2, "M8[s]"), [["a"]], type],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_number_cannot_be_said(value):
    with pytest.raises(Unspeakable):
        encode(value, bytearray())


class Endless(list):
    def __len__(self):
        return 3

    def __iter__(self):
        return iter(itertools.repeat(1))


def test_nesting_and_length_are_bounded_where_values_are_written():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    itself = []
    itself.append(itself)
    for value in (deep, itself, [1] * 60_000, Endless(), torch.zeros(1).expand(1 << 25)):
        with pytest.raises(Unspeakable):
            encode(value, bytearray())


# ---------------------------------------------------------------------------- hostile bytes
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=6),
        st.sampled_from(["f", "i", "b", "n", "t", "a", "f8", "f4", "i8", "b1", "0x1p0", "nan", "\ud800"]),
    ),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=12,
)
NEAR_ARRAYS = st.tuples(
    st.just("a"),
    st.sampled_from(["f8", "f4", "i8", "b1", "O", "V8"]),
    st.lists(st.integers(-1, 70) | st.sampled_from([2**26, 2**62, True, 1.0]), max_size=17),
    st.integers(-9, 70) | st.sampled_from([2**31, 2**64, -(2**63), True]),
).map(list)


@settings(QUICK, max_examples=600)
@given(JSON | NEAR_ARRAYS | st.lists(NEAR_ARRAYS, max_size=3).map(lambda items: ["t", items]), st.binary(max_size=64))
def test_decoding_gives_a_plain_value_or_a_frame_error(tagged, payload):
    try:
        value = decode(tagged, payload)
    except FrameError:
        return
    leaves = [value]
    while leaves:
        leaf = leaves.pop()
        if type(leaf) is tuple:
            leaves += leaf
        else:
            assert leaf is None or type(leaf) in (int, float, bool, np.ndarray)
            if type(leaf) is np.ndarray:
                assert leaf.dtype in (np.float64, np.int64, np.bool_)
                assert leaf.nbytes <= 8 * len(payload)


@settings(QUICK, max_examples=300)
@given(st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_header_is_an_object_or_a_frame_error(text):
    with contextlib.suppress(FrameError):
        assert type(frames.parse_header(text)) is dict


@pytest.mark.parametrize(
    "text",
    [
        b"[" * frames.HEADER_LIMIT,
        b'{"a":' * (frames.HEADER_LIMIT // 5),
        b'{"id": ' + b"9" * (frames.HEADER_LIMIT - 10) + b"}",
        b'{"id": NaN}',
        b'{"id": -Infinity}',
        b'{"id": "\xff"}',
        b"[1]",
        b"",
    ],
    ids=["deep lists", "deep objects", "a long integer", "nan", "infinity", "no ASCII", "no object", "nothing"],
)
def test_a_header_that_costs_much_to_read_is_refused_soon(text):
    start = time.process_time()
    with pytest.raises(FrameError):
        frames.parse_header(text)
    assert time.process_time() - start < 2


@QUICK
@given(st.binary(min_size=8, max_size=8))
def test_lengths_are_bounded_before_anything_is_read(prefix):
    header, payload = struct.unpack("<II", prefix)
    if header <= frames.HEADER_LIMIT and payload <= frames.PAYLOAD_LIMIT:
        assert frames.prefix_lengths(prefix) == (header, payload)
    else:
        with pytest.raises(FrameError):
            frames.prefix_lengths(prefix)


def measured(tagged, payload):
    """The error that `tagged` gives, and the most memory that it took."""
    tracemalloc.start()
    try:
        with pytest.raises(FrameError) as refused:
            decode(tagged, payload)
        return str(refused.value), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [[2**26] * 16, [2**26, 2**26], [2**26], [1] * 17, [0] * 17, [-1, -1], [2**64]])
def test_huge_shapes_take_no_memory(shape):
    _, peak = measured(["a", "f8", shape, 0], bytes(64))
    assert peak < 1 << 20


def test_the_same_bytes_named_again_and_again_are_refused():
    payload = bytes(1 << 20)
    again = ["t", [["a", "f4", [1 << 18], 0]] * 1000]  # a gigabyte, from one megabyte
    error, peak = measured(again, payload)
    assert error == "more arrays than bytes"
    assert peak < 8 << 20


def test_nesting_is_bounded_where_values_are_read():
    tagged = ["n"]
    for _ in range(500):
        tagged = ["t", [tagged]]
    assert measured(tagged, b"")[0] == "not a value"


def test_a_bool_that_is_neither_0_nor_1_is_true():
    got = decode(["a", "b1", [3], 0], b"\x00\x02\xff")
    assert got.tolist() == [False, True, True]
    assert got.view(np.uint8).tolist() == [0, 1, 1]


def test_a_frame_too_large_is_not_packed():
    with pytest.raises(FrameError):
        frames.pack({"text": "x" * frames.HEADER_LIMIT})
    with pytest.raises(FrameError):
        frames.pack({}, bytes(frames.PAYLOAD_LIMIT + 1))

"""What old PyTorch and NumPy accepted runs under the layer, raises without it; what runs without it is not touched."""

import ast
import builtins
import math
import sys
import time

import numpy as np
import pytest
import torch

from grader.sandbox.inside.flat.legacy import MODERN, install, looks_legacy, mark_legacy

START = """
import math, time
import numpy as np
import torch
from torch.autograd import Variable
t = torch.arange(20.0).view(5, 4)
v = torch.arange(4.0)
column, row = torch.ones(4, 1), torch.ones(1, 4)
total = torch.tensor(2.5)
one = torch.ones(1)
mask = torch.tensor([True, False, True])
other = torch.tensor([True, True, False])
whole = torch.tensor([7, -7])
a1 = np.full(1, 0.25)
"""

MENDED = (
    # source, what `r` is then, as lists; key
    ("t[0, :] = column; r = t[0]", [1.0] * 4, "column_to_row"),
    ("t[-1] = torch.t(column.view(1, 4)); r = t[-1]", [1.0] * 4, "column_to_row"),
    ("t[:, 0] = torch.ones(5, 1); r = t[:, 0]", [1.0] * 5, "column_to_row"),
    ("t[0:1, :] = column; r = t[0]", [1.0] * 4, "column_to_row"),
    ("t[:, 0:1] = torch.ones(5); r = t[:, 0]", [1.0] * 5, "column_to_row"),
    ("t[torch.tensor([0]), :] = column; r = t[0]", [1.0] * 4, "column_to_row"),
    ("t[0].copy_(column); r = t[0]", [1.0] * 4, "column_to_row"),
    ("v.add_(column); r = v", [1.0, 2.0, 3.0, 4.0], "column_to_row"),
    ("v += column; r = v", [1.0, 2.0, 3.0, 4.0], "column_to_row"),
    ("v -= column; r = v", [-1.0, 0.0, 1.0, 2.0], "column_to_row"),
    ("v.sub_(column, alpha=2); r = v", [-2.0, -1.0, 0.0, 1.0], "column_to_row"),
    ("v.add_(2, column); r = v", [2.0, 3.0, 4.0, 5.0], "column_to_row"),
    ("v *= 2 * column; r = v", [0.0, 2.0, 4.0, 6.0], "column_to_row"),
    ("v /= 2 * column; r = v", [0.0, 0.5, 1.0, 1.5], "column_to_row"),
    ("column += v; r = column", [[1.0], [2.0], [3.0], [4.0]], "column_to_row"),
    ("one -= 0.5 * torch.ones(1, 1); r = one", [0.5], "column_to_row"),
    ("total -= one; r = total", 1.5, "column_to_row"),
    ("t[1] += column; r = t[1]", [5.0, 6.0, 7.0, 8.0], "column_to_row"),
    ("r = total[0]", 2.5, "scalar_index"),
    ("r = total.data[0]", 2.5, "scalar_index"),
    ("r = Variable(total).data[-1]", 2.5, "scalar_index"),
    ("r = '%.1f' % torch.sum(v * v).data[0]", "14.0", "scalar_index"),
    ("r = torch.sum(v, 0)[0]", 6.0, "scalar_index"),
    ("total[0] = 3; r = total", 3.0, "scalar_index"),
    ("r = total.data.numpy()[0]", 2.5, "scalar_index"),
    ("r = round(total)", 2, "scalar_round"),
    ("r = round(torch.tensor(0.25), 1)", 0.2, "scalar_round"),
    ("r = torch.cat([v.sum(), one, v.max()])", [6.0, 1.0, 3.0], "scalar_cat"),
    ("r = np.ones(2) * total", [2.5, 2.5], "array_and_scalar"),
    ("r = np.ones(2) - total", [-1.5, -1.5], "array_and_scalar"),
    ("r = np.ones(2) + total", [3.5, 3.5], "array_and_scalar"),
    ("r = 1 - mask", [0, 1, 0], "mask_arithmetic"),
    ("r = 1 - (v > 1)", [1, 1, 0, 0], "mask_arithmetic"),
    ("r = (1 - mask) * torch.ones(3)", [0.0, 1.0, 0.0], "mask_arithmetic"),
    ("r = mask - 1", [0, 255, 0], "mask_arithmetic"),
    ("r = mask - other", [0, 255, 1], "mask_arithmetic"),
    ("r = mask.sub(1)", [0, 255, 0], "mask_arithmetic"),
    ("r = torch.sub(mask, other)", [0, 255, 1], "mask_arithmetic"),
    ("r = -mask", [255, 0, 255], "mask_arithmetic"),
    ("r = torch.neg(mask)", [255, 0, 255], "mask_arithmetic"),
    ("r = torch.masked_select(v[:3], mask.byte())", [0.0, 2.0], "byte_mask"),
    ("r = v[:3].masked_select(mask.byte())", [0.0, 2.0], "byte_mask"),
    ("r = v[:3].masked_fill_(1 - mask.byte(), 9)", [0.0, 9.0, 2.0], "byte_mask"),
    ("r = v[:3].masked_fill(mask.byte(), 9)", [9.0, 1.0, 9.0], "byte_mask"),
    ("r = v[:3].masked_scatter_(mask.byte(), torch.ones(2))", [1.0, 1.0, 1.0], "byte_mask"),
    ("whole /= 2; r = whole", [3, -3], "integer_division"),
    ("r = whole.div_(torch.tensor([2, 3]))", [3, -2], "integer_division"),
    ("r = float(a1)", 0.25, "array_to_scalar"),
    ("r = [float(x) for x in np.ones((2, 1))]", [1.0, 1.0], "array_to_scalar"),
    ("r = int(np.full((1, 1), 3))", 3, "array_to_scalar"),
    ("r = complex(a1)", 0.25 + 0j, "array_to_scalar"),
    ("r = int(round(float(a1)))", 0, "array_to_scalar"),
    ("r = math.sqrt(a1)", 0.5, "array_to_scalar"),
    ("from math import pow as p, sqrt; r = sqrt(a1)", 0.5, "array_to_scalar"),
    ("import math as m; r = m.pow(a1, 2)", 0.0625, "array_to_scalar"),
    ("r = '%.2f' % a1", "0.25", "array_to_scalar"),
    ("r = '%s %.2f' % ('w', a1)", "w 0.25", "array_to_scalar"),
    ("r = np.zeros(2); r[1] = a1", [0.0, 0.25], "array_in_slot"),
    ("r = np.zeros((2, 2)); r[1, 0] = np.full((1, 1), 3)", [[0.0, 0.0], [3.0, 0.0]], "array_in_slot"),
    ("r = np.ones(2); r[1] += a1", [1.0, 1.25], "array_in_slot"),
    ("r = len(np.array([[1, 2], [3]]))", 2, "ragged_array"),
    ("r = np.asarray([[1, 2], [3]])[1]", [3], "ragged_array"),
    ("r = np.zeros(2, dtype=np.float).dtype.name", "float64", "numpy.float"),
    ("r = np.int(3.7)", 3, "numpy.int"),
    ("r = np.object is object", True, "numpy.object"),
    ("r = np.float_(3)", 3.0, "numpy.float_"),
    ("from numpy import product; r = product([2, 3])", 6, "numpy.product"),
    ("r = np.cumproduct([2, 3])", [2, 6], "numpy.cumproduct"),
    ("r = np.alltrue([1, 0])", False, "numpy.alltrue"),
    ("r = np.asscalar(a1)", 0.25, "numpy.asscalar"),
    ("r = np.round_(2.6)", 3.0, "numpy.round_"),
    ("r = np.Inf", math.inf, "numpy.Inf"),
    ("r = np.NINF", -math.inf, "numpy.NINF"),
    ("r = list(xrange(1, 3))", [1, 2], "python.xrange"),
    ("r = reduce(lambda a, b: a + b, [1, 2, 3])", 6, "python.reduce"),
    ("r = long(3.5)", 3, "python.long"),
    ("r = unichr(97)", "a", "python.unichr"),
    ("r = time.clock() > 0", True, "python.clock"),
    ("from time import clock; r = clock() > 0", True, "python.clock"),
)
# NumPy warns before it refuses some of its old names, and warnings are errors here
pytestmark = pytest.mark.filterwarnings("ignore:In the future:FutureWarning")
SOURCES = [source for source, _, _ in MENDED]


def run(source, change=lambda tree: tree):
    names = {}
    exec(compile(START, "<start>", "exec"), names)  # noqa: S102 - the point
    exec(compile(change(ast.parse(source)), "<script>", "exec"), names)  # noqa: S102 - the same
    return names


def listed(value):
    return value.tolist() if isinstance(value, (torch.Tensor, np.ndarray, np.generic)) else value


@pytest.fixture
def layer():
    """The keys noted while the layer is on."""
    notes = []
    undo = install(notes.append)
    yield notes
    undo()


@pytest.mark.parametrize("source", SOURCES)
def test_today_it_raises_and_is_known_as_the_layers(source):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is told by looks_legacy
        run(source)
    assert looks_legacy(caught.value), caught.value


@pytest.mark.parametrize(("source", "expected", "key"), MENDED, ids=SOURCES)
def test_under_the_layer_it_runs_and_is_noted(layer, source, expected, key):
    assert listed(run(source, mark_legacy)["r"]) == expected
    assert set(layer) == {key}
    assert MODERN[key].endswith(".")


@pytest.mark.parametrize("source", SOURCES)
def test_once_undone_it_raises_as_before(source):
    install(lambda _: None)()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is told by looks_legacy
        run(source)
    assert looks_legacy(caught.value)


def test_undoing_puts_back_every_attribute():
    owners = (torch.Tensor, torch, np, builtins, time, math)
    before = [dict(vars(owner)) for owner in owners]
    undo = install(lambda _: None)
    assert [dict(vars(owner)) for owner in owners] != before
    undo()
    after = [dict(vars(owner)) for owner in owners]
    assert [list(found) for found in after] == [list(found) for found in before]
    assert all(a[name] is b[name] for a, b in zip(after, before, strict=True) for name in b)


def test_every_old_numpy_name_means_what_its_sentence_says(layer):
    for key in [key for key in MODERN if key.startswith("numpy.")]:
        name = key.removeprefix("numpy.")
        modern = MODERN[key].partition("write `")[2].rstrip("`.")
        found = getattr(np, name)
        if key in layer and modern != "x.item()":
            meant = eval(modern)  # noqa: S307 - our own table
            assert found is meant or found == meant or math.isnan(meant), key
    assert {key for key in MODERN if key.startswith("numpy.")} - set(layer) == {"numpy.bool", "numpy.long"}


TODAYS = (
    "r = mask + other",
    "r = mask * 2",
    "r = ~mask",
    "r = (mask.byte() - 1)",
    "r = whole / 2",
    "r = whole // 2",
    "r = v + column",
    "r = v * column",
    "t[0, :] = row; r = t",
    "t[0, 0] = one; r = t",
    "t[0] = 1; t[:, 1] = v[2]; r = t",
    "t[t > 5] = 0; r = t",
    "v += row.view(-1); r = v",
    "one += 1; r = one",
    "total -= 0.1 * total; r = total",
    "r = t[0], t[-1, 2], t[1:3], t[t > 3], v[0]",
    "r = total[()], total[None], total[True]",
    "r = torch.cat([v, one])",
    "r = v.masked_fill(v > 1, 0)",
    "r = np.ones(2) / float(total)",
    "r = 2 * v, v * 2, 2 - v, v - 2, -v, 1 + v",
    "r = np.array([[1, 2], [3, 4]]), np.array([1.5], dtype=int), np.array([total, total])",
    "r = np.array([[1, 2], [3]], dtype=object)",
    "r = float(total), int(one), float('1e3'), int('7', 8), round(2.5), round(2.567, 2), math.hypot(3, 4)",
    "r = '%d of %s' % (3, v), '%s' % a1, '%5.1f' % total, 7 % 3",
    "x = {}; x[0] = a1; r = x[0]",
    "x = [1, 2]; x[0] = a1; x[-1] += 1; r = x[0], x[-1]",
    "x = np.zeros((2, 3)); x[0] = a1; x[:, 1] = [5, 6]; x[1, 2] += 3; r = x",
    "x = np.zeros(2, dtype=object); x[0] = a1; r = x[0]",
    "x = 'ab'; r = x[0], x[-1], (1, 2)[0], b'ab'[0]",
    "x = lambda *a, **k: (a, k); float = x; r = float(1, key=2)",
    "def sqrt(x): return 'own', x\nr = sqrt(a1)",
    "r = np.random.RandomState(1).rand(2), np.sqrt(a1), np.exp(a1), torch.exp(v)",
    "(x, y), *z = [1, 2], 3; w = [0, 0]; w[0], w[1] = 4, 5; r = x, y, z, w",
    "w = [0]\nfor w[0] in range(3): pass\nr = w",
    "del t; r = 1",
    "r = isinstance(1.0, float), isinstance(v, torch.Tensor), issubclass(bool, int)",
)


def same(one, other):
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tolist() == other.tolist()
    if isinstance(one, (tuple, list)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("source", TODAYS)
def test_what_runs_today_gives_the_same_under_the_layer_and_nothing_is_noted(source):
    expected = run(source)["r"]
    notes = []
    undo = install(notes.append)
    try:
        found = run(source, mark_legacy)["r"]
    finally:
        undo()
    assert same(found, expected)
    assert notes == []


REFUSED = (
    "t[0, :] = torch.ones(3, 1)",
    "t[0, :] = torch.ones(5)",
    "t[9] = column",
    "v += torch.ones(3)",
    "v += torch.ones(8, 1)",
    "one += column",
    "v + torch.ones(2, 2)",
    "total[1]",
    "total[0, 0]",
    "v[7]",
    "round(v)",
    "torch.cat([v, t])",
    "torch.dot(column, column)",
    "torch.ones(3) - mask",
    "1.5 - mask",
    "v.masked_fill_(v, 0)",
    "whole *= 1.5",
    "whole /= 1.5",
    "np.ones(4) * v",
    "np.nonsense",
    "float(np.ones(2))",
    "float([1])",
    "int('x')",
    "math.sqrt(-1)",
    "math.sqrt(-a1)",
    "'%d' % 'x'",
    "'%d %d' % (1,)",
    "np.zeros(2)[0] = 3, 4",
    "x = np.zeros(2); x[0] = np.ones(2)",
    "x = np.zeros(2); x[5] = a1",
    "x = (1, 2); x[0] = a1",
    "np.ones(0)[0]",
    "round(a1)",
    "x = None; x[0]",
    "np.array([1, 2], dtype='nonsense')",
    "t.add_()",
    "unknown_name",
)


@pytest.mark.parametrize("source", REFUSED)
def test_what_was_never_accepted_raises_the_same_error_under_the_layer(source):
    with pytest.raises(Exception) as today:  # noqa: PT011 - any, as long as it is the same
        run(source)
    notes = []
    undo = install(notes.append)
    try:
        with pytest.raises(type(today.value)) as layered:
            run(source, mark_legacy)
    finally:
        undo()
    assert type(layered.value) is type(today.value)
    assert str(layered.value) == str(today.value)
    assert notes == []


PLAIN_ERRORS = (
    ValueError("invalid literal for int() with base 10: 'x'"),
    RuntimeError("The size of tensor a (4) must match the size of tensor b (5) at non-singleton dimension 0"),
    RuntimeError(
        "The expanded size of the tensor (4) must match the existing size (5) at non-singleton dimension 0."
        "  Target sizes: [4].  Tensor sizes: [5]"
    ),
    RuntimeError("output with shape [1] doesn't match the broadcast shape [4, 1]"),
    NameError("name 'Wxs' is not defined"),
    AttributeError("module 'numpy' has no attribute 'nonsense'"),
    IndexError("index 5 is out of bounds for dimension 0 with size 5"),
    TypeError("unsupported operand type(s) for +: 'int' and 'str'"),
    ZeroDivisionError("division by zero"),
    KeyboardInterrupt(),
    SystemExit("name 'xrange' is not defined"),
)


@pytest.mark.parametrize("error", PLAIN_ERRORS, ids=lambda error: str(error)[:40])
def test_an_ordinary_error_does_not_look_legacy(error):
    assert not looks_legacy(error)


def test_a_scripts_own_exception_is_not_asked_for_its_words():
    class OwnError(RuntimeError):
        def __str__(self):
            raise AssertionError("asked")

    class Word:
        def __str__(self):
            raise AssertionError("asked")

    assert not looks_legacy(OwnError())
    assert not looks_legacy(RuntimeError(Word()))


def test_the_innermost_frame_of_the_script_is_where_it_happened():
    places = []

    def note(key):
        frame = sys._getframe()
        while frame.f_code.co_filename != "<script>":
            frame = frame.f_back
        places.append((key, frame.f_lineno))

    undo = install(note)
    try:
        run("def f(x):\n    return float(x)\n\nt[0] = column\nr = f(a1)\nr = np.int(1)\ny = 1 - mask\n", mark_legacy)
    finally:
        undo()
    assert places == [("column_to_row", 4), ("array_to_scalar", 2), ("numpy.int", 6), ("mask_arithmetic", 7)]


def test_what_was_mended_once_is_mended_again_and_its_neighbours_are_still_refused(layer):
    source = """
for k in range(5):
    t[k, :] = (k + 1) * column
    t[k, :] += column
    v += column
    v.add_(2, v)
    t[k, :] = t[k, :] + v
r = t[:, 3], v
"""
    modern = source.replace("column", "torch.ones(4)")
    found = run(source, mark_legacy)["r"]
    assert layer == ["column_to_row"] * 15
    assert same(found, run(modern)["r"])
    layer.clear()
    for refused in ("t[0, :] = torch.ones(5, 1)", "t[0:2, :] = column.double().view(4)[:3]", "v += torch.ones(5, 1)"):
        with pytest.raises(RuntimeError):
            run(refused, mark_legacy)
    with pytest.raises(TypeError):
        run("t[0, :] = np.ones((4, 1))", mark_legacy)
    assert layer == []


def test_a_value_read_from_a_total_is_no_view_of_it(layer):
    assert float(run("r = total.data[0]; total.add_(1)", mark_legacy)["r"]) == 2.5
    assert layer == ["scalar_index"]


def test_gradients_flow_through_what_is_mended():
    source = "w = torch.ones(1, requires_grad=True); y = torch.zeros(2, 4); y[0] = w * column; y.sum()[0].backward()"
    undo = install(lambda _: None)
    try:
        assert run(source, mark_legacy)["w"].grad.tolist() == [4.0]
    finally:
        undo()


def test_an_assignment_is_evaluated_in_its_order(layer):
    source = """
r = []
def seen(name, value):
    r.append(name)
    return value
seen("container", np.zeros(2))[seen("index", 1)] = seen("value", 3.0)
"""
    assert run(source, mark_legacy)["r"] == ["value", "container", "index"]
    assert layer == []


def test_the_tree_given_is_not_changed():
    tree = ast.parse("a[0] = float(x); b = a[0]; c = '%f' % a")
    before = ast.dump(tree, include_attributes=True)
    assert ast.dump(mark_legacy(tree)) != ast.dump(tree)
    assert ast.dump(tree, include_attributes=True) == before


OLD_SCRIPT = """
torch.manual_seed(3)
steps, rows = 5, 4
X = torch.round(torch.rand(steps, rows))
T, Y = torch.Tensor(steps, rows).zero_(), torch.zeros(steps, rows)
for k in xrange(steps):
    T[k, :] = torch.sum(X.narrow(0, 0, k + 1), 0).view(-1, 1)
Wxs, Wrec = Variable(torch.ones(1) * 1.5), Variable(torch.ones(1) * .5)
for step in xrange(3):
    for k in xrange(steps):
        before = Y[k - 1] if k else torch.zeros(rows)
        s = (Wxs * X[k] + Wrec * before).view(-1, 1)
        Y[k, :] = s * (1 - (s <= 0)).float()
    loss = torch.sum((T - Y) ** 2) / 2
    g = torch.sum((Y - T) * X).view(1, 1)
    Wxs -= 0.01 * g
    shown = "%.3f" % loss.data[0]
"""
TODAYS_SCRIPT = """
torch.manual_seed(3)
steps, rows = 5, 4
X = torch.round(torch.rand(steps, rows))
T, Y = torch.zeros(steps, rows), torch.zeros(steps, rows)
for k in range(steps):
    T[k, :] = torch.sum(X.narrow(0, 0, k + 1), 0)
Wxs, Wrec = torch.ones(1) * 1.5, torch.ones(1) * .5
for step in range(3):
    for k in range(steps):
        before = Y[k - 1] if k else torch.zeros(rows)
        s = Wxs * X[k] + Wrec * before
        Y[k, :] = s * (s > 0).float()
    loss = torch.sum((T - Y) ** 2) / 2
    g = torch.sum((Y - T) * X).view(1)
    Wxs -= 0.01 * g
    shown = "%.3f" % loss.item()
"""


def test_a_whole_old_script_gives_what_its_modern_twin_gives(layer):
    with pytest.raises(NameError):
        run(OLD_SCRIPT.replace("xrange", "gone"))
    old = run(OLD_SCRIPT, mark_legacy)
    assert set(layer) == {"python.xrange", "column_to_row", "mask_arithmetic", "scalar_index"}
    layer.clear()
    twin = run(TODAYS_SCRIPT, mark_legacy)
    assert layer == []
    for name in ("T", "Y", "Wxs", "loss", "shown"):
        assert same(old[name], twin[name]), name


def test_a_modern_script_gives_the_same_numbers_with_and_without_the_layer():
    plain = run(TODAYS_SCRIPT)
    undo = install(lambda _: None)
    try:
        layered = run(TODAYS_SCRIPT, mark_legacy)
    finally:
        undo()
    for name in ("T", "Y", "Wxs", "loss", "shown"):
        assert same(layered[name], plain[name]), name

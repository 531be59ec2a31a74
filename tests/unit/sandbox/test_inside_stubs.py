"""Plots, notebooks, widgets and progress bars are there, and do nothing."""

import ast
import dis

import numpy as np
import pytest

from grader.sandbox.inside import stubs
from grader.sandbox.inside.inert import Inert

PLOTS = """
import matplotlib, matplotlib.pyplot as plt, seaborn as sns
from mpl_toolkits.mplot3d import Axes3D
from matplotlib.animation import FuncAnimation
matplotlib.use("Agg"); plt.rcParams["figure.figsize"] = (3, 4); plt.style.use("x")
fig, ax = plt.subplots()
fig, (a, b) = plt.subplots(2)
fig, ((a, b, c), (d, e, f)) = plt.subplots(2, 3)
fig, axes = plt.subplots(2, 2)
first, *rest = plt.plot([1], [2])
line, = ax.plot([1])
axes[0, 1].plot([1], label="x").set(color="r")
axes[0].title += 1
for one in axes.flat: one.plot()
with plt.style.context("x") as s: plt.plot()
plt.figure(figsize=(1, 2)).add_subplot(111, projection="3d").plot_surface(1, 2, cmap=plt.cm.viridis)
x = 2 * plt.gca().get_ylim() + 1
text = f"{x:.3f} {float(x):.1f} {x}"
class Animation(FuncAnimation):
    def __init__(self): self.a = 1
animation = Animation()
plt.show(); plt.savefig("/no/such/folder.png")
from matplotlib.pyplot import *
plot([1]); show()
from pylab import *
"""

NOTEBOOK = """
from IPython import get_ipython as g
from IPython.display import display as d, clear_output, HTML
import IPython, google.colab, ipywidgets as w, nbgrader, otter, pandas as pd, plotly.express as px
from tensorboardX import SummaryWriter
pd.DataFrame({"loss": [1.0]}).plot(); SummaryWriter("runs").add_scalar("loss", 1.0, 0)
from google.colab import drive, files
drive.mount("/content/drive")
display(HTML("x")); d(1); clear_output(wait=True)
get_ipython().system("pip install x"); g().run_line_magic("matplotlib", "inline")
colab = "google.colab" in str(get_ipython())
@w.interact(x=(0, 10))
def shown(x): return x
@w.interact
def relu(S): return S
from grader import check
import grader.selfcheck
check(); check.all(); check("relu"); check(relu); grader.check_everything(1)
otter.Notebook().check("q1")
px.line(x=[1]).show()
breakpoint()
"""

PROGRESS = """
import tqdm as module
from tqdm import tqdm, trange
from tqdm.notebook import tqdm as notebook_tqdm
from tqdm.auto import tqdm as auto, trange as auto_range
items = [list(tqdm([1, 2], desc="x")), list(trange(3, leave=False)), list(notebook_tqdm(iter("ab"))),
         list(auto(range(2))), list(auto_range(1, 3)), list(module.tqdm("c")), list(module.trange(1))]
total = 0
with tqdm(total=3) as bar:
    for i in range(3): bar.update(1); bar.set_postfix(a=1); total += i
bar = tqdm([4, 5]); bar.set_description("x")
for item in bar: total += item
n = len(tqdm([1, 2, 3]))
tqdm.write("x")
"""


def test_plots_do_nothing(inside):
    result = inside(PLOTS, probes=["text", "animation.a", "list(rest)"])
    assert result["notices"] == []
    assert result["values"]["animation.a"] == "1"
    assert result["values"]["list(rest)"] == "[]"


def test_notebook_helpers_do_nothing_and_decorators_leave_functions_alone(inside):
    result = inside(NOTEBOOK, probes=["colab", "shown(3)", "relu(4)"])
    assert result["notices"] == []
    assert result["values"] == {"colab": "False", "shown(3)": "3", "relu(4)": "4"}
    assert "relu" in result["defined"]


def test_progress_bars_pass_their_items_through(inside):
    result = inside(PROGRESS, probes=["items", "total", "n"])
    assert result["notices"] == []
    assert result["values"] == {
        "items": "[[1, 2], [0, 1, 2], ['a', 'b'], [0, 1], [1, 2], ['c'], [0]]",
        "total": "12",
        "n": "3",
    }


def test_the_answers_are_not_there(inside):
    source = (
        "found = []\nfor name in ('reference', 'reference.rnn', 'student_template'):\n"
        "    try: __import__(name)\n    except ModuleNotFoundError as e: found.append(e.name)\n"
    )
    assert inside(source, probes=["found"])["values"]["found"] == "['reference', 'reference', 'student_template']"


def test_a_stub_wins_over_a_companion_of_its_name(inside):
    companions = {"matplotlib": "raise SystemExit", "grader": "raise SystemExit"}
    assert inside("import matplotlib, grader\n", companions=companions)["notices"] == []


def test_input_gives_empty_lines_but_not_for_ever(inside):
    result = inside("a = [input('?') for _ in range(100)]\nb = input()\n", probes=["set(a)"])
    assert result["values"] == {"set(a)": "{''}"}
    assert [n["message"] for n in result["notices"]] == ["EOFError: input() was called more than 100 times"]


def test_a_package_that_is_not_there_is_an_ordinary_crash(inside):
    result = inside("import no_such_package\na = 1\n", probes=["a"])
    assert [n["message"] for n in result["notices"]] == ["ModuleNotFoundError: No module named 'no_such_package'"]


def test_inert_objects_are_empty_to_numpy_and_to_loops():
    inert = Inert("x")
    assert np.asarray(inert).size == 0
    assert list(inert) == []
    assert [*zip(inert, [1], strict=False)] == []
    assert not inert
    assert "axes" not in inert
    assert not inert < 3
    assert range(inert) == range(0)


@pytest.mark.parametrize("count", [1, 2, 7, 200])
def test_inert_objects_unpack_into_as_many_names_as_are_wanted(count):
    names = [f"n{i}" for i in range(count)]
    code = compile(f"{','.join(names)}, = inert", "<unpack>", "exec")
    for _ in range(30):  # enough for the interpreter to specialise the instruction
        namespace = {"inert": Inert()}
        exec(code, namespace)  # noqa: S102
        assert all(type(namespace[name]) is Inert for name in names)


def test_unpacking_is_an_instruction_this_interpreter_has():
    assert {"UNPACK_SEQUENCE", "UNPACK_EX"} <= dis.opmap.keys()
    code = compile(ast.parse("a, b = c"), "<x>", "exec")
    assert "UNPACK_SEQUENCE" in {step.opname for step in dis.get_instructions(code)}


@pytest.mark.parametrize("there", [False, True])
def test_tables_and_logs_do_nothing_where_they_are_not_installed(there, monkeypatch):
    monkeypatch.setattr(stubs, "_is_absent", lambda _name: not there)
    finder = stubs.StubFinder()
    for name in ("pandas", "pandas.plotting", "torch.utils.tensorboard", "torch.utils.tensorboard.writer"):
        assert (finder.find_spec(name, None) is None) == there
    assert finder.find_spec("torch.utils.data", None) is None
    assert "torch" not in stubs._STUBBED_HEADS  # looking through all that is imported costs each child

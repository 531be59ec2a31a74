"""Statement by statement: what raises, hangs or does not parse costs itself and nothing else."""

import pytest

from grader.contract import FUNCTIONS
from grader.sandbox.inside.lost import read_loss
from grader.sandbox.inside.survey import CONTRACT


def codes(result):
    return [notice["code"] for notice in result["notices"]]


def places(result):
    return [(notice["cell"], notice["line"]) for notice in result["notices"]]


def test_the_child_asks_for_the_functions_of_the_contract():
    assert CONTRACT == FUNCTIONS


def test_a_crash_costs_its_own_statement_only(inside):
    result = inside("a = 1\nraise ValueError('no')\ndef relu(S):\n    return S\n", probes=["a"])
    assert result["values"] == {"a": "1"}
    assert result["defined"] == {"relu": [None, 3]}
    assert result["notices"] == [{"code": "general.crash", "message": "ValueError: no", "cell": None, "line": 2}]


def test_a_crash_names_its_cell_and_where_it_came_from(inside):
    result = inside("def f(x):\n    return 1 / x\n", "y = (1 +\n     f(0))\n")
    [notice] = result["notices"]
    assert (notice["cell"], notice["line"]) == (2, 2)
    assert notice["message"] == "ZeroDivisionError: division by zero (raised in cell 1, line 2)"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("exit()", "SystemExit: None"),
        ("quit(3)", "SystemExit: 3"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise ValueError('a\\nb\\x00\\ud800')", "ValueError: a b??"),
        ("raise ValueError('x' * 10**6)", "ValueError: " + "x" * 287 + "…"),
    ],
)
def test_whatever_is_raised_is_put_on_one_line(inside, statement, message):
    result = inside(f"{statement}\nafter = 1\n", probes=["after"])
    assert [notice["message"] for notice in result["notices"]] == [message]
    assert result["values"]["after"] == "1"


HOSTILE = """
class Evil(Exception):
    def __str__(self):
        raise SystemExit
    __repr__ = __str__
    __class__ = property(lambda self: 1 / 0)
    __traceback__ = property(lambda self: 1 / 0)
raise Evil

class Slow(Exception):
    def __str__(self):
        while True: pass
raise Slow

class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
class Odd(BaseException, metaclass=Meta): pass
raise Odd

class Text(str):
    def __str__(self): return self
    def __getitem__(self, key): 1 / 0
    def encode(self, *args): 1 / 0
raise ValueError(Text("plain"))

def deep(): return deep()
deep()
import sys
for lowest in range(1, 1000):
    try: sys.setrecursionlimit(lowest); break
    except RecursionError: pass
deep()
globals()["\\ud800"] = lambda: 1
globals()[(1, 2)] = lambda: 1
def relu(S): return S
"""


def test_exceptions_that_fight_back_are_still_described(inside):
    result = inside(HOSTILE)
    messages = [notice["message"] for notice in result["notices"]]
    assert messages[:4] == ["Evil", "Slow", "Odd", "ValueError: plain"]
    assert all(message.startswith("RecursionError") for message in messages[4:])
    assert "relu" in result["defined"]
    assert result["others"] == ["deep"]


def test_a_recursion_limit_that_leaves_no_room_holds_for_one_statement(inside):
    source = (
        "import sys\nfor lowest in range(1, 1000):\n    try: sys.setrecursionlimit(lowest); break\n"
        "    except RecursionError: pass\ndef f(n): return n and f(n - 1)\na = f(50)\n"
        "sys.setrecursionlimit(5000)\nb = f(3000)\n"
    )
    result = inside(source, probes=["lowest < 50", "a", "b"])
    assert result["notices"] == []
    assert result["values"] == {"lowest < 50": "True", "a": "0", "b": "0"}


def test_an_endless_statement_is_stopped_and_the_next_goes_on(inside):
    result = inside("while True:\n    pass\ndef relu(S):\n    return S\n", budget_s=1.2)
    assert codes(result) == ["general.timeout"]
    assert places(result) == [(None, 1)]
    assert "relu" in result["defined"]


def test_a_sleep_is_interrupted(inside):
    result = inside("import time\ntime.sleep(100)\n", budget_s=0.8)
    assert codes(result) == ["general.timeout"]


def test_swallowing_the_soft_limit_once_does_not_help(inside):
    source = "try:\n    while True: pass\nexcept BaseException: pass\nwhile True: pass\nx = 1\n"
    result = inside(f"def f():\n    {source.replace(chr(10), chr(10) + '    ')}\nf()\n", budget_s=0.8)
    assert codes(result) == ["general.timeout"]


def test_once_the_budget_is_spent_each_statement_has_a_tenth_of_a_second(inside):
    result = inside("import time\n" + "time.sleep(9)\n" * 6 + "def relu(S): return S\n", budget_s=0.8)
    assert codes(result) == ["general.timeout"] * 6
    assert "(0.2 s)" in result["notices"][0]["message"]
    assert "(0.1 s)" in result["notices"][-1]["message"]
    assert "relu" in result["defined"]


def test_skipped_statements_do_not_run_and_are_noted(inside):
    result = inside("a = 1\na = 2\n", "a += 1\nb = a\n", skip=[1], probes=["b"])
    assert result["started"] == [0, 2, 3]
    assert result["values"] == {"b": "2"}
    assert [(n["code"], n["cell"], n["line"]) for n in result["notices"]] == [("general.timeout", 1, 2)]


def test_running_out_of_memory_has_its_own_code(inside):
    result = inside(
        'x = bytearray(10**18)\nraise RuntimeError("DefaultCPUAllocator: can\'t allocate memory: you tried")\nb = 1\n',
        probes=["b"],
    )
    assert codes(result) == ["general.memory"] * 2


def test_a_syntax_error_costs_its_cell(inside):
    result = inside("a = 1", "b = 2\ndef f(:\n    pass\n", "c = 3", probes=["a", "c", "'b' in globals()"])
    assert result["values"] == {"a": "1", "c": "3", "'b' in globals()": "False"}
    assert codes(result) == ["general.syntax_error"]
    assert places(result) == [(2, 2)]


def test_what_only_the_compiler_refuses_is_a_syntax_error(inside):
    result = inside("a = 1\nif a:\n    return 5\nb = 2\n", probes=["b"])
    assert codes(result) == ["general.syntax_error"]
    assert places(result) == [(None, 3)]
    assert result["notices"][0]["message"] == "SyntaxError: 'return' outside function"


def lost(result):
    """Line -> what could not be read or failed there, and the functions that went with it."""
    told = ((notice["line"], read_loss(notice["message"])) for notice in result["notices"])
    return {line: (error, names) for line, (error, names) in told if names}


BROKEN = """\
import math

def relu(S)
    return S

def forward(X, Wxs, Wrec:
    return X, X

@absent
def train(X, T, Wxs, Wrec, l_r, n_iter):
    return Wxs, Wrec, []

try:
    import absent
    def count_targets(X):
        return X
finally:
    pass

relu_derivative, other = math.absent, 1

text = 'a
def predict_counts(X, Wxs, Wrec):
return X
"""


def test_a_notice_names_the_functions_that_went_with_its_statement(inside):
    assert lost(inside(BROKEN)) == {
        3: ("SyntaxError: expected ':'", ["relu"]),
        6: ("SyntaxError: '(' was never closed", ["forward"]),
        9: ("NameError: name 'absent' is not defined", ["train"]),
        14: ("ModuleNotFoundError: No module named 'absent'", ["count_targets"]),
        20: ("AttributeError: module 'math' has no attribute 'absent'", ["relu_derivative"]),
        23: (
            "IndentationError: expected an indented block after function definition on line 23",
            ["predict_counts"],
        ),
    }


@pytest.mark.parametrize(
    "source",
    [
        "def relu(S):\n    return S\nrelu = absent(relu)\n",  # it failed, but the function is there
        "x = 1\nclass Net:\n    def relu(self, S)\n        return S\n",  # a method is none of them
        "x = 1\nrelu(x\n",
        "S = relu(x)\n",
    ],
)
def test_a_statement_that_defines_none_of_the_missing_functions_names_none(inside, source):
    result = inside(source)
    assert result["notices"]
    assert lost(result) == {}


def test_what_a_cell_or_a_failed_import_would_have_brought_is_lost_with_it(inside):
    cell = "def relu(S):\n    return S\nrelu_derivative = lambda S: S >\n"
    result = inside("import math", cell, "from mine import forward, train")
    assert lost(result) == {
        3: ("SyntaxError: invalid syntax", ["relu", "relu_derivative"]),
        1: ("ModuleNotFoundError: No module named 'mine'", ["forward", "train"]),
    }
    broken = inside("from mine import *\n", companions={"mine": "def relu(S)\n    return S\n"})
    assert lost(broken) == {1: ("SyntaxError: expected ':' (mine.py, line 1)", list(FUNCTIONS))}


def test_of_a_file_in_which_nothing_can_be_read_all_functions_are_lost(inside):
    assert lost(inside("dear grader,\n\ndef relu(S)\n    return S\n")) == {
        1: ("SyntaxError: invalid syntax", list(FUNCTIONS[1:])),
        3: ("SyntaxError: expected ':'", ["relu"]),
    }


def test_a_statement_that_was_left_out_names_what_is_missing_without_it(inside):
    result = inside("a = 1\ndef relu(S):\n    return S\n", skip=[1])
    assert lost(result) == {2: ("left out", ["relu"])}


def test_functions_that_cannot_be_read_are_not_taken_for_a_script_without_them(inside):
    names = ("forward", "bptt_gradients", "train")
    source = "".join(f"def {name}(X, T)\n    return X\n" for name in names) + "Wxs = Wrec = 1.5\n"
    result = inside(source)
    assert result["flat"] is None
    assert lost(result) == {
        line: ("SyntaxError: expected ':'", [name]) for line, name in zip((1, 3, 5), names, strict=True)
    }


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ('def f():\n    """a\n\n', "unterminated triple-quoted string literal (detected at line 2"),
        ("x = [1,\n     2)\n", "closing parenthesis ')' does not match opening parenthesis '[' on line 21"),
    ],
)
def test_lines_are_those_of_the_file_in_pythons_own_words_too(inside, block, told):
    [notice] = inside("a = 1\n" * 20 + block)["notices"]
    assert notice["message"].startswith(f"this block was left out: SyntaxError: {told}")


def test_a_line_is_said_once(inside):
    [notice] = inside("a = 1\n" * 20 + "x = 'a\n")["notices"]
    assert notice["line"] == 21
    assert notice["message"] == "this block was left out: SyntaxError: unterminated string literal"


def test_many_notices_are_counted_not_listed(inside):
    result = inside("\n".join(["1 / 0"] * 150))
    assert len(result["notices"]) == 101
    assert result["notices"][-1]["message"].startswith("50 more")


def test_the_main_guard_does_not_run(inside):
    assert inside("a = 1\nif __name__ == '__main__':\n    a = 2\n", probes=["a"])["values"] == {"a": "1"}


MODULE = """
from __future__ import annotations
import dataclasses, inspect, pickle, typing
@dataclasses.dataclass
class Point:
    x: Undefined = 1
    y: typing.ClassVar[int] = 2
again = pickle.loads(pickle.dumps(Point(5)))
def f(a: NotThere):
    return a
text = inspect.getsource(f)
"""


def test_pickle_dataclasses_inspect_and_future_imports_work(inside):
    for cells in ([MODULE], ["pass", *MODULE.split("\n@", maxsplit=1)]):
        joined = [cells[0]] if len(cells) == 1 else [cells[0], cells[1], "@" + cells[2]]
        result = inside(*joined, probes=["again.x", "text", "len(dataclasses.fields(Point))"])
        assert result["notices"] == []
        assert result["values"]["again.x"] == "5"
        assert result["values"]["text"] == repr("def f(a: NotThere):\n    return a\n")
        assert result["values"]["len(dataclasses.fields(Point))"] == "1"


def test_await_works_at_top_level(inside):
    source = "import asyncio\nasync def f():\n    await asyncio.sleep(0.001)\n    return 7\nx = await f()\n"
    result = inside(source, probes=["x"])
    assert result["values"] == {"x": "7"}


def test_await_works_where_no_event_loop_can_be_had(inside):
    source = (
        "import asyncio\ndef refuse(): raise PermissionError\nasyncio.new_event_loop = refuse\n"
        "async def f():\n    await asyncio.sleep(0)\n    return 7\nx = await f()\n"
    )
    assert inside(source, probes=["x"])["values"] == {"x": "7"}


def test_companions_are_importable_and_their_functions_count(inside):
    companions = {
        "helpers": "from .maths import square\nK = 3\n",
        "helpers.maths": "def square(x):\n    return x * x\n",
        "mine": "def relu(S):\n    return S\ndef broken():\n    raise OSError('x')\n",
        "bad": "def f(:\n",
    }
    source = "import helpers\nfrom mine import relu, broken\nn = helpers.square(helpers.K)\nimport bad\nbroken()\n"
    result = inside(source, companions=companions, probes=["n"])
    assert result["values"] == {"n": "9"}
    assert result["defined"] == {"relu": [None, 2]}
    assert result["others"] == ["broken"]
    assert codes(result) == ["general.crash"] * 2
    assert "(bad.py, line 1)" in result["notices"][0]["message"]
    assert "raised in mine.py, line 4" in result["notices"][1]["message"]

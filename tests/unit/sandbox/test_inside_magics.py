"""IPython's syntax, and scripts that are broken in places."""

import ast
import textwrap

import pytest

from grader.sandbox.inside.magics import parse_with_magics
from grader.sandbox.inside.parsing import parse_cells


def rewritten(source):
    tree, text = parse_with_magics(textwrap.dedent(source))
    assert text.count("\n") == textwrap.dedent(source).count("\n")
    return ast.unparse(tree)


def kept(source):
    """Lines of the statements of a script that are kept, and lines of its notices."""
    parsed = parse_cells([{"source": source, "number": None}])
    return [s.node.lineno for s in parsed.statements], [n["line"] for n in parsed.notices]


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install torch\nx = 1", "pass\nx = 1"),
        ("!pip install \\\n  torch \\\n  numpy\nx = 1", "pass\nx = 1"),
        ("!echo \"it's\nx = 1", "pass\nx = 1"),
        ("!echo ( [\nx = 1", "pass\nx = 1"),
        ("!echo '''\nx = 1", "pass\nx = 1"),
        ("?print\nprint?\nprint??\nx.y?\nx = 1", "pass\npass\npass\npass\nx = 1"),
        ("files = !ls\nx = %who_ls\ny = 1", "files = []\nx = None\ny = 1"),
        ("%time x = f(1)", "x = f(1)"),
        ("%timeit -n 10 -r3 f(1)", "f(1)"),
        ("%time f(a,\n   b)", "f(a, b)"),
        ("r = %time f(1)", "r = f(1)"),
        ("%time", "pass"),
        (
            "%pylab inline",
            "import numpy as np, matplotlib.pyplot as plt\nfrom numpy import *\nfrom matplotlib.pyplot import *",
        ),
        ("for i in range(2):\n    !ls {i}\n    %time g(i)", "for i in range(2):\n    pass\n    g(i)"),
        ("x = 1\n%cd /content\n!ls\nif x:\n    %who\nz = 2", "x = 1\npass\npass\nif x:\n    pass\nz = 2"),
    ],
)
def test_magics_are_rewritten(source, python):
    assert rewritten(source) == python


def test_what_only_looks_like_a_magic_is_left_alone():
    source = "s = '''\n%matplotlib inline\n!ls\nwhat?\n'''\n!ls\ny = (7\n% 4)\n"
    tree, text = parse_with_magics(source)
    assert text == source.replace("'''\n!ls\ny", "'''\npass\ny")
    assert ast.unparse(tree.body[2]) == "y = 7 % 4"


def test_a_syntax_error_beside_a_magic_is_still_one():
    with pytest.raises(SyntaxError):
        parse_with_magics("%matplotlib inline\nx = = 1")


@pytest.mark.parametrize("line", [" " * 300_000, "a?" + " " * 300_000 + "x", "%time" + " " * 300_000, "a ," * 99_999])
def test_a_line_made_to_slow_the_patterns_down_does_not(line):
    with pytest.raises(SyntaxError):
        parse_with_magics(f"{line}\nx = = 1")


def test_thousands_of_magics_take_bounded_time():
    with pytest.raises(SyntaxError):
        parse_with_magics("!ls -la some folder somewhere\n" * 5000 + "x = = 1\n")


@pytest.mark.parametrize("source", ["(" * 5000 + ")" * 5000, "-" * 200_000 + "1", "x = " + "[" * 150])
def test_text_that_python_gives_up_on_is_a_syntax_error(source):
    with pytest.raises(SyntaxError):
        parse_with_magics(source)


def test_cell_magics_run_their_body_or_are_left_out(inside):
    result = inside(
        "%%time\n%%capture out\na = 1",
        "%%bash\nrm -rf /\na = 2",
        "\n%%timeit -n 3\nb = a",
        "%%writefile x.txt\nimport os",
        probes=["a", "b"],
    )
    assert result["values"] == {"a": "1", "b": "1"}
    assert [(n["code"], n["cell"]) for n in result["notices"]] == [("load.magic_skipped", 2), ("load.magic_skipped", 4)]


def test_a_module_that_a_cell_writes_is_there_to_import_and_to_run(inside):
    result = inside(
        "%%writefile lib.py\ndef relu(S): return S\n",
        "%%file -a lib.py\nb = 2",
        "from lib import b as imported",
        "%run lib.py",
        companions={"lib": "def relu(S): return S\nb = 2"},
        probes=["imported", "b"],
    )
    assert result["notices"] == []
    assert result["values"] == {"imported": "2", "b": "2"}
    assert "relu" in result["defined"]


def test_a_script_exported_from_a_notebook_still_runs_its_timed_cells(inside):
    source = (
        "get_ipython().run_cell_magic('time', '', 'def relu(S):\\n    return S\\n')\n"
        "get_ipython().run_line_magic('timeit', 'a = relu(3)')\n"
        "get_ipython().run_cell_magic('bash', '', 'a = 4')\n"
        "get_ipython().run_line_magic('matplotlib', 'inline')\n"
    )
    result = inside(source, probes=["a"])
    assert result["values"] == {"a": "3"}
    assert result["defined"] == {"relu": [None, 1]}
    assert result["notices"] == []


def test_an_indented_cell_runs_as_in_ipython(inside):
    assert inside("    a = 1\n    b = 2\n", "c = a", probes=["b", "c"])["notices"] == []


def test_a_syntax_error_in_a_script_costs_its_block_only():
    source = (
        '"""Doc\ndef not_code(:\n"""\n'  # 1
        "import math\n"  # 4
        "def bad(x):\n    if x\n        return 1\n\n"  # 5
        "@deco\n# note\n@other(1,\n2)\ndef good(x):\n    return x\n"  # 9
        "try:\n    a\nexcept E:\n    b\nelse:\n    c\nfinally:\n    d\n"  # 15
        "z = [\n1,\n2,\n]\n"  # 23
        "print 'python 2'\nprint 'again'\n"  # 27
        "w = 1 + \\\n2\n"  # 29
    )
    assert kept(source) == ([1, 4, 13, 15, 23, 29], [6, 27])


def test_a_forgotten_bracket_costs_its_own_statement():
    assert kept("a = 1\nprint((a)\nb = 2\n\nc = [\n1]\ndef f():\n    pass\n")[0] == [1, 3, 5, 7]
    assert kept("a = 1\nprint((a)\nb = 2\ndef f():\n    return (1)\n")[0] == [1, 3, 4]
    assert kept("a = 1\nx = f(\nimport os\ny = 2)\nz = 3\n")[0] == [1, 3, 5]


def test_an_open_string_costs_its_own_statement():
    lines, notices = kept("a = 1\ns = '''open\nb = 2\ndef f():\n    return 1\n")
    assert lines == [1, 3, 4]
    assert notices == [2]


def test_magics_in_a_broken_script_do_not_cost_their_neighbours():
    assert kept("!pip install x\na = 1\nb = = 2\n%matplotlib inline\nc = 3\n") == ([1, 2, 4, 5], [3])


def test_backslashes_in_an_open_string_take_bounded_time():
    source = "s = '''\n" + "\\" * 10_001 + "\n"
    assert kept(source) == ([], [1])


def test_a_large_broken_script_takes_bounded_time():
    lines, notices = kept("x = (\n" * 20_000)
    assert lines == []
    assert len(notices) == 1


def test_a_script_with_nothing_sound_in_it_is_one_notice(inside):
    result = inside("this is\nno python at all\n")
    assert [n["code"] for n in result["notices"]] == ["general.syntax_error"]
    assert result["defined"] == {}

"""Which name of a flat script plays which role: by names, and with every name made meaningless by data flow alone."""

import ast
import builtins
import re
import time

import pytest
from flat_scripts import SCRIPTS

from grader.sandbox.inside.flat.roles import find_roles
from grader.sandbox.inside.flat.straighten import straighten
from grader.sandbox.inside.parsing import parse_cells


def roles_of(source, mapping=None):
    statements = straighten(parse_cells([{"source": source, "number": None}]).statements)
    return find_roles(statements, mapping or {}), statements


def blinded(source):
    """The script with names that say nothing, and what they were."""
    tree = ast.parse(source)
    imported = {a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    new = {}

    def rename(name, *, bound=True):
        known = name in imported or name.startswith("__") or (not bound and hasattr(builtins, name))
        return name if known and name not in new else new.setdefault(name, f"v{len(new)}")

    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef():
                node.name = rename(node.name)
            case ast.arg():
                node.arg = rename(node.arg)
            case ast.Name():
                node.id = rename(node.id, bound=isinstance(node.ctx, ast.Store))
            case ast.Global():
                node.names = [rename(name) for name in node.names]
    return ast.unparse(tree), {v: k for k, v in new.items()}


def summary(roles, back):
    """Loop, updates and literal rates in words, with the names as they were."""

    def text(node):
        words = ast.unparse(node).splitlines()[0]
        return re.sub(r"\bv\d+\b", lambda match: back.get(match[0], match[0]), words)

    updates = {weight: [text(node) for node in nodes] for weight, nodes in roles.updates.items()}
    literal = {weight: node.value for weight, node in roles.rate_literal.items()}
    return text(roles.loop), updates, literal


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_role_is_found_and_none_is_guessed(name):
    script = SCRIPTS[name]
    roles, statements = roles_of(script.source)
    assert roles.names == script.names
    assert summary(roles, {}) == (script.loop, script.updates, script.literal)
    assert any(node is roles.loop for node in ast.walk(statements[roles.loop_at].node))
    inside = set(map(id, ast.walk(roles.loop)))
    assert all(id(node) in inside for nodes in roles.updates.values() for node in nodes)


@pytest.mark.parametrize("name", SCRIPTS)
def test_names_that_say_nothing_cost_no_role_but_those_listed_and_mislead_to_none(name):
    script = SCRIPTS[name]
    source, back = blinded(script.source)
    roles, _ = roles_of(source)
    found = {role: back[new] for role, new in roles.names.items()}
    wrong = {r: n for r, n in found.items() if n not in {script.names.get(r), script.also.get(r)}}
    assert wrong == {}
    assert script.names.keys() - found.keys() == script.blind
    assert set(roles.how.values()) == {"data flow"}
    assert summary(roles, back) == (script.loop, script.updates, script.literal)


def test_how_a_role_was_found_is_told():
    roles, _ = roles_of(SCRIPTS["rebound"].source, {"predictions": "h", "S": "pre"})
    assert roles.how["Wxs"] == roles.how["X_train"] == "name"
    assert roles.how["S"] == roles.how["predictions"] == "map"
    assert roles.names["S"] == "pre"
    assert roles_of(SCRIPTS["renamed"].source)[0].how["Wxs"] == "data flow"


def test_a_mapping_of_what_is_no_role_is_left_to_others():
    assert "forward" not in roles_of(SCRIPTS["rebound"].source, {"forward": "run"})[0].names


def test_a_mapping_overrides_names_and_data_flow():
    source = SCRIPTS["renamed"].source
    roles, _ = roles_of(source, {"Wxs": "b", "Wrec": "a"})
    assert roles.names["Wxs"] == "b"
    assert roles.names["Wrec"] == "a"
    assert [ast.unparse(node) for node in roles.updates["Wxs"]] == ["b -= eta * gb"]


def test_weights_that_training_and_test_use_the_other_way_round_are_not_told_apart_by_data_flow():
    script = SCRIPTS["rebound"]
    swapped = script.source.replace("Wxs * X_train[k] + (Wrec", "Wrec * X_train[k] + (Wxs")
    assert swapped != script.source
    assert roles_of(swapped)[0].names == script.names
    blind, _ = roles_of(blinded(swapped)[0])
    assert blind.names == {}
    assert blind.loop is None


@pytest.mark.parametrize(
    "source",
    [
        "",
        "print('hello')\n",
        "total = 0\nfor i in range(10):\n    total += i\n",
        "a = b = 1\nwhile a < 100:\n    a, b = b, a + b\n",
        "def f(x):\n    return f(x - 1) * f(x - 2)\nfor i in range(9):\n    f(i)\n",
        "W, b, x = rand(2, 3), rand(2), rand(3)\nfor i in range(9):\n    e = W @ x + b\n    W -= e @ x\n    b -= e\n",
    ],
)
def test_a_script_that_is_no_such_network_has_no_roles(source):
    roles, _ = roles_of(source)
    assert (roles.names, roles.loop, roles.loop_at) == ({}, None, None)
    assert roles.updates == {"Wxs": (), "Wrec": ()}


@pytest.mark.parametrize(
    "source",
    [
        "Wxs = Wrec = 1.0\n"
        + "".join("  " * i + f"for i{i} in range(3):\n" for i in range(18))
        + "  " * 18
        + "Wxs = Wxs + Wrec * 2\n",
        "".join(f"def f{i}(x): return f{i + 1}(x) + f{i + 1}(x)\n" for i in range(40)) + "f0(1)\n",
        "x = 1\n" + "x = x * x\n" * 500,
        "Wxs = 1\nx = " + "+".join(["1"] * 1200) + "\n",
        "Wxs = Wrec = 1\nfor i in range(3):\n" + "".join(f"    v{i} = v{i - 1} * Wxs\n" for i in range(1, 800)),
        "Wxs = Wrec = 1\nif Wxs:\n    pass\n" + "elif Wrec:\n    pass\n" * 1500,
    ],
    ids=["loops", "calls", "squares", "a long sum", "many names", "branches"],
)
def test_a_script_made_to_be_hard_to_follow_ends_soon(source):
    begin = time.process_time()
    roles_of(source)
    assert time.process_time() - begin < 3

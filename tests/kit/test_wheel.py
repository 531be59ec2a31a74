"""What is in the wheel, and above all what is not: it is searched for the solution, source and bytecode."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import zipfile
from types import CodeType

import pytest

from grader import __version__
from grader.cases import PUBLIC_SEED, load_or_build
from grader.cases.bank import decode_bank
from grader.kit.data import KIT_SEED, kit_data
from grader.kit.wheel import MODULES, STAND_INS, write_wheel
from pages import ROOT

SOLUTION = {"reference", "hypothesis", "oracle", "exact", "diagnose", "shrink", "build", "strategies", "recipes"}
"""Modules that hold the solution, known mistakes, or draw cases from a seed."""
WEIGHTS = {"wxs", "wrec", "w", "weight", "weights", "delta"}


@pytest.fixture(scope="module")
def content(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def sources(content):
    return {name: data.decode() for name, data in content.items() if name.endswith(".py")}


def names_imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def names_in(node):
    """The names that an operand is made of, those of its own operations left out."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return {name.strip("_").lower()}
        case ast.Subscript(value=value):
            return names_in(value)
        case ast.Call(func=ast.Attribute(value=value)):
            return names_in(value)
        case _:
            return set()


def products_of_weights(tree):
    """Lines on which a weight, or an error on its way back, is multiplied: no forward or backward pass lacks that."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, (ast.BinOp, ast.AugAssign))
        and isinstance(node.op, (ast.Mult, ast.MatMult))
        and any(names_in(getattr(node, side, None)) & WEIGHTS for side in ("left", "right", "target", "value"))
    ]


def test_what_is_in_the_wheel_was_named(content):
    info = f"bptt_grader-{__version__}+student.dist-info"
    ours = {f"grader/{name}" for name in (*MODULES, *STAND_INS, "student/cases.bank", "student/known.json")}
    assert set(content) == ours | {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}


def test_the_record_holds_every_file_s_hash(content):
    (record,) = (name for name in content if name.endswith("/RECORD"))
    for line in content[record].decode().splitlines():
        name, digest, size = line.rsplit(",", 2)
        if name != record:
            found = base64.urlsafe_b64encode(hashlib.sha256(content[name]).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={found}", str(len(content[name])))


def test_the_same_sources_give_the_same_bytes(wheel):
    assert write_wheel(kit_data()) == wheel.read_bytes()


def test_nothing_in_it_imports_the_solution(sources):
    for name, source in sources.items():
        found = SOLUTION & set(names_imported(ast.parse(source)))
        assert not found, f"{name}: {found}"


def test_no_bytecode_names_the_solution(sources):
    for name, source in sources.items():
        for code in codes(compile(source, name, "exec")):
            used = {*code.co_names, *code.co_varnames, *code.co_freevars, code.co_name}
            assert not used & SOLUTION, f"{name}, {code.co_name}: {used & SOLUTION}"
            strings = {text for text in code.co_consts if isinstance(text, str) and "." in text and " " not in text}
            assert not any(SOLUTION & set(text.split(".")) for text in strings), f"{name}, {code.co_name}: {strings}"


def test_no_function_in_it_multiplies_by_a_weight(sources):
    for name, source in sources.items():
        assert products_of_weights(ast.parse(source)) == [], name


@pytest.mark.parametrize(
    "path",
    ["reference/rnn.py", "reference/exact.py", "grader/cases/oracle.py", "grader/diagnose/descent.py",
     "grader/diagnose/states.py", "grader/diagnose/family.py", "grader/cases/recipes.py"],
)  # fmt: skip
def test_the_search_finds_the_solution_where_it_is(path):
    source = (ROOT / path).read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert products_of_weights(tree) or SOLUTION & set(names_imported(tree))


def test_each_module_s_relu_is_missing_too(sources):
    for name, source in sources.items():
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
        used = {node.func.attr for node in calls if isinstance(node.func, ast.Attribute)}
        assert not used & {"relu", "relu_", "clamp", "clamp_min", "maximum", "cumsum"}, name


def test_its_cases_are_neither_a_course_s_nor_those_of_the_public_seed(content):
    bank = decode_bank(content["grader/student/cases.bank"])
    assert bank.seed == KIT_SEED != PUBLIC_SEED
    public = load_or_build(PUBLIC_SEED)
    drawn = [{str([str(arg) for arg in case.args]) for _, case in each["bptt_gradients"]} for each in (bank, public)]
    assert len(drawn[0] & drawn[1]) < len(drawn[0]) / 2  # those picked by hand are everybody's


def test_what_is_stored_is_data(content):
    def leaves(value):
        if isinstance(value, dict):
            for key, item in value.items():
                assert isinstance(key, str)
                yield from leaves(item)
        elif isinstance(value, list):
            for item in value:
                yield from leaves(item)
        else:
            yield value

    stored = json.loads(content["grader/student/known.json"])
    assert {type(leaf) for leaf in leaves(stored)} <= {float, int, str, type(None)}

"""What a course hands in: case banks and rubrics."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from mutations import damaged_bytes, damaged_json, damaged_text, damaged_tree, one_of

from grader.cases import PUBLIC_SEED, load_or_build
from grader.cases.bank import CaseBank, decode_bank, encode_bank
from grader.contract import CHECKS
from grader.errors import BankError, RubricError
from grader.rubric import Rubric
from grader.rubric_file import parse_rubric
from grader.rubric_template import rubric_text

__all__ = ["canonical", "make_bank", "make_rubric", "read_bank", "read_rubric", "sealed", "small_bank"]


@cache
def small_bank():
    """The public bank with one case for each property: small, so that damage meets every part of it."""
    bank = load_or_build(PUBLIC_SEED)
    text = encode_bank(bank).split(b"\n")[1]
    tree = json.loads(text)
    for groups in tree["checks"].values():
        for name, cases in groups.items():
            groups[name] = cases[:1]
    return tree


def sealed(body):
    return f"bptt-grader-bank/1 {hashlib.sha256(body).hexdigest()}\n".encode() + body + b"\n"


def canonical(tree):
    return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()


def _broken_check(rng):
    checks = {**small_bank()["checks"]}
    name = rng.choice(CHECKS).name
    checks[name] = damaged_tree(rng, checks[name])
    return sealed(canonical({**small_bank(), "checks": checks}))


_BANKS = {
    _broken_check: 60,
    lambda rng: sealed(damaged_json(rng, small_bank())): 15,
    lambda rng: sealed(canonical(damaged_tree(rng, small_bank()))): 5,
    lambda rng: sealed(damaged_bytes(rng, canonical(small_bank()))): 10,
    lambda rng: damaged_bytes(rng, sealed(canonical(small_bank()))): 10,
}


def make_bank(rng):
    """Most have the right hash, as somebody would make one who knows the format."""
    return one_of(rng, _BANKS)


def read_bank(data):
    """Read a bank and write it again."""
    try:
        bank = decode_bank(data)
    except BankError as error:
        str(error).encode("utf-8", "surrogatepass")
        return "BankError"
    assert type(bank) is CaseBank
    written = encode_bank(bank)
    assert encode_bank(decode_bank(written)) == written, "what was read once is read again"
    return "read"


# ---------------------------------------------------------------------------- rubrics
_RUBRIC = rubric_text("0123456789abcdef")
_LINES = (
    *("pass_mark = {}", "points = {}", "points.relu = {}", "[points]\nrelu = {}", "[[points]]\nx = {}", "weights = {}"),
    *("[weights.forward]\nstates = {}", "seed = {}", "[limits]\ntime_limit_s = {}", "limits.memory_mib = {}", "[{}]"),
    *("[feedback]\nbefore_due = {}", "policy.autograd = {}", "map.forward = {}", "[map]\nforward = {}", "{} = 1"),
    *("convention = {}", "tolerance = {}"),
)
_TOML = (
    *(
        "1e9999999999999999999",
        "1e-9999999999999999999",
        "-1",
        "0.001",
        "nan",
        "-nan",
        "inf",
        "9" * 5000,
        "1_0",
        "+0.0",
    ),
    *("0x" + "f" * 600, "1" + "0" * 4000 + ".5", "0." + "1" * 4000, "-0.0", "100.0", "5.25", "1e2", "1E-2", "true"),
    *('""', '"x"', '"\uff21"', '"' + "a" * 5000 + '"', '"""\n[  x\n"""', "'a.b.c'", '"\\u0000"', '"\\U0001F600"'),
    *("[]", "{}", "{a = 1}", "1979-05-27", "07:32:00", "[[[[]]]]", "[" * 2000, "a" * 300, "a.b.c", "a." * 300 + "a"),
    *("[" + " " * 200, "'''\n[" + " " * 300 + "x\n'''", "\ufeff"),
)


def _line(rng):
    return rng.choice(_LINES).format(rng.choice(_TOML))


def _spoilt(rng):
    lines = _RUBRIC.split("\n")
    at = rng.randrange(len(lines))
    lines[at : at + rng.randrange(2)] = [damaged_text(rng, rng.choice(lines)), _line(rng)]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


_RUBRICS = {
    lambda rng: "\n".join(_line(rng) for _ in range(rng.choice((1, 1, 2, 3)))).encode("utf-8", "surrogatepass"): 5,
    _spoilt: 3,
    lambda rng: damaged_bytes(rng, _RUBRIC.encode()): 2,
}


def make_rubric(rng):
    """A few odd lines, or a whole rubric with some of them."""
    return one_of(rng, _RUBRICS)


def read_rubric(data):
    """Read a rubric under the name rubric.toml."""
    try:
        rubric = parse_rubric(data.decode("utf-8", "replace"), "rubric.toml")
    except RubricError as error:
        if str(error).startswith("rubric.toml"):
            return "RubricError"
        raise
    assert type(rubric) is Rubric
    assert len(rubric.sha256) == 64
    return "read"

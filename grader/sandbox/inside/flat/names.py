"""What students call the parts of the exercise."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

__all__ = ["OWN", "bound_at_top", "by_variant", "callables", "looks_like_rate"]

OWN: Mapping[str, str] = {
    "SeqL": "SeqL",
    "NbSeq": "NbSeq",
    "X_train": "X_train",
    "X_test": "X_test",
    "T_train": "T_train",
    "T_test": "T_test",
    "Wxs": "Wxs",
    "Wrec": "Wrec",
    "l_r": "l_r",
    "S": "s",
    "Y": "layer_1",
    "relu": "reLU",
    "relu_derivative": "deriv_reLU",
}
"""The exercise's own names."""

_VARIANTS: Mapping[str, tuple[str, ...]] = {
    "SeqL": ("seql", "seqlen", "seqlength", "lseq", "sequencelength", "nsteps", "steps", "timesteps"),
    "NbSeq": ("nbseq", "nseq", "numseq", "nsequences", "nbsequences", "numsequences"),
    "X_train": ("xtrain", "trainx", "xtr", "inputstrain", "traininputs", "traindata", "x", "inputs"),
    "X_test": ("xtest", "testx", "xte", "inputstest", "testinputs", "testdata"),
    "T_train": ("ttrain", "traint", "ttr", "targetstrain", "traintargets", "ytrain", "t", "targets", "target"),
    "T_test": ("ttest", "testt", "tte", "targetstest", "testtargets", "ytest"),
    "Wxs": ("wxs", "wx", "win", "wxh", "wsx", "wxin", "winput"),
    "Wrec": ("wrec", "wr", "wss", "whh", "wh", "wy", "wrecurrent", "wrecc"),
    "l_r": ("lr", "learningrate", "learnrate", "rate", "eta", "alpha", "stepsize"),
    "S": ("s", "preactivations", "preact"),
    "Y": ("layer1", "y", "ys", "h", "hs", "hidden", "outputs", "output", "out"),
    "relu": ("relu", "relufunction", "relufunc", "relufn", "myrelu"),
    "relu_derivative": (
        "derivrelu",
        "reluderivative",
        "reluderiv",
        "drelu",
        "reluprime",
        "relugrad",
        "derivativerelu",
        "gradrelu",
        "relud",
        "reluder",
        "derrelu",
        "dreludx",
        "reludash",
    ),
}
"""Other spellings, in lower case and without `_`."""

_RATES = re.compile(r"l_?r(_|\d|$)|rate|eta|alpha|step|gamma|mu$|lambda|eps", re.IGNORECASE)


def looks_like_rate(name: str) -> bool:
    """Whether a name speaks of a learning rate."""
    return _RATES.match(name) is not None or "rate" in name.lower()


def by_variant(role: str, names: Sequence[str]) -> list[str]:
    """Those of `names` that are spellings of a role, the usual first."""
    spelled: dict[str, list[str]] = {}
    for name in names:
        spelled.setdefault(name.replace("_", "").lower(), []).append(name)
    return [name for variant in _VARIANTS.get(role, ()) for name in spelled.get(variant, ())]


def bound_at_top(nodes: Sequence[ast.stmt]) -> Iterator[str]:
    """Names assigned by top-level code, in loops and branches too, in order, some more than once."""
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.stmt():
                    yield from bound_at_top([child])
                case ast.ExceptHandler(body=body) | ast.match_case(body=body):
                    yield from bound_at_top(body)
                case _:
                    parts = [part for part in ast.walk(child) if isinstance(part, ast.Name)]
                    yield from (part.id for part in parts if isinstance(part.ctx, ast.Store))


def callables(nodes: Sequence[ast.stmt]) -> dict[str, ast.stmt]:
    """What top-level code defines or names as a function: `def f`, `f = lambda …`, `f = torch.relu`."""
    found: dict[str, ast.stmt] = {}
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name):
                found[name] = node
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() | ast.Attribute()):
                found[name] = node
            case ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name: node for alias in names}
            case ast.If(body=body, orelse=orelse):
                found |= callables([*body, *orelse])
            case ast.With(body=body) | ast.Try(body=body):
                found |= callables(body)
            case _:
                pass
    return found

"""Submissions of the corpora, run in this process: how to load them, and where they differ from the truth."""

from __future__ import annotations
import __future__

import ast
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader.result import Report
from truth import FUNCTIONS, Case, cases, gradient, states

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


# ---------------------------------------------------------------------------- loading
def _cells(path: Path) -> list[bytes]:
    """Code cells without magics and shell lines; a script is one cell, in its own encoding."""
    if path.suffix == ".py":
        return [path.read_bytes()]
    notebook = json.loads(path.read_text(encoding="utf-8"))
    sheets = notebook.get("worksheets", [notebook])  # nbformat 3 keeps cells in worksheets, as `input`
    cells = [cell for sheet in sheets for cell in sheet["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell.get("source", cell.get("input", ""))) for cell in cells]
    return [re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE).encode() for source in sources]


def load(path: Path) -> dict[str, Any]:
    """Namespace of a submission, run statement by statement; a statement that raises is passed over."""
    module = types.ModuleType("submission")
    sys.modules["submission"] = module  # dataclasses look their module up
    space = module.__dict__
    space["input"] = lambda *_: "5"
    for source in _cells(path):
        flags = __future__.annotations.compiler_flag if b"from __future__ import annotations" in source else 0
        with contextlib.suppress(SyntaxError):  # `name?`, or what is left of a shell cell
            for statement in ast.parse(source).body:
                code = compile(ast.Module([statement], []), str(path), "exec", flags, dont_inherit=True)
                with contextlib.suppress(Exception):
                    exec(code, space)  # noqa: S102 - our own corpora
    return space


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow what submissions print, warn of and write beside them; put back torch's default dtype."""
    dtype, folder = torch.get_default_dtype(), Path.cwd()
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as scratch,
    ):
        warnings.simplefilter("ignore")
        os.chdir(scratch)
        try:
            yield
        finally:
            os.chdir(folder)
            torch.set_default_dtype(dtype)


# ---------------------------------------------------------------------------- comparing
def numbers(value: Any) -> np.ndarray:
    """An answer as float64: tensors, arrays, numbers and nested lists of these."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().to(torch.float64).numpy()
    if isinstance(value, (list, tuple)):
        parts = [numbers(item) for item in value]
        if len({part.shape for part in parts}) > 1 and all(part.size == 1 for part in parts):
            parts = [part.reshape(()) for part in parts]
        return np.array(parts, dtype=np.float64)
    return np.asarray(value, dtype=np.float64)


def _parts(value: Any, count: int) -> list[np.ndarray]:
    return [numbers(value)] if count == 1 else [numbers(part) for part in value]


def tensors(args: Sequence[Any]) -> tuple[Any, ...]:
    """Arrays as float32 tensors, everything else as it is."""
    return tuple(torch.tensor(a, dtype=torch.float32) if isinstance(a, (np.ndarray, np.floating)) else a for a in args)


def complaint(function: Callable[..., Any], case: Case) -> str | None:
    """What is wrong with the function on this case, or None."""
    args = tensors(case.args)
    before = [arg.clone() for arg in args if isinstance(arg, torch.Tensor) and arg.ndim == 2]
    try:
        got = _parts(function(*args), len(case.expected))
    except NotImplementedError:
        return "is a stub"
    except Exception as error:  # noqa: BLE001 - whatever a submission raises is what we report
        nothing_to_do = case.function == "train" and case.args[-1] == 0
        return None if nothing_to_do else f"raised {type(error).__name__}: {error}"
    after = [arg for arg in args if isinstance(arg, torch.Tensor) and arg.ndim == 2]
    if not all(map(torch.equal, before, after)):
        return "changed X or T"
    return _difference(got, case)


def _difference(got: list[np.ndarray], case: Case) -> str | None:
    if len(got) != len(case.expected):
        return f"returned {len(got)} parts"
    for part, expected, tolerance in zip(got, case.expected, case.tolerance, strict=True):
        shaped = part.reshape(()) if expected.ndim == 0 and part.size == 1 else part
        if shaped.shape != expected.shape:
            return f"returned shape {part.shape}, expected {expected.shape}"
        if not np.all(abs(shaped - expected) <= tolerance):  # NaN fails too
            return f"returned {part.tolist()}, expected {expected.tolist()}"
    return None


def _uses_autograd(space: dict[str, Any], case: Case) -> bool:
    calls: list[str] = []
    places = ((torch.Tensor, "backward"), (torch.autograd, "grad"), (torch.autograd, "backward"))
    with contextlib.ExitStack() as stack:
        for owner, name in places:
            original = getattr(owner, name)
            setattr(owner, name, lambda *a, _o=original, _n=name, **k: (calls.append(_n), _o(*a, **k))[1])
            stack.callback(setattr, owner, name, original)
        with contextlib.suppress(Exception):
            space["bptt_gradients"](*tensors(case.args))
    return bool(calls)


def _uses_differences(space: dict[str, Any], case: Case) -> bool:
    """`forward` was called with other weights than those asked about."""
    original, asked, seen = space["forward"], [float(w) for w in case.args[2:]], []

    def spy(X: Any, Wxs: Any, Wrec: Any) -> Any:
        seen.append([float(Wxs), float(Wrec)])
        return original(X, Wxs, Wrec)

    space["forward"] = spy
    with contextlib.suppress(Exception):
        space["bptt_gradients"](*tensors(case.args))
    space["forward"] = original
    return any(weights != asked for weights in seen)


def failing(space: dict[str, Any], only: Sequence[str] = FUNCTIONS) -> dict[str, list[str]]:
    """Of each check that does not hold: what is wrong, case by case."""
    found: dict[str, list[str]] = {}
    for case in cases():
        if case.function in only:
            function = space.get(case.function)
            problem = "is not defined" if function is None else complaint(function, case)
            if problem:
                found.setdefault(case.function, []).append(f"{case}: {problem}")
    if "bptt_gradients" in only and "bptt_gradients" in space:
        case = next(c for c in cases() if c.function == "bptt_gradients" and len(c.args[0]) == 5)
        for policy, test in (("autograd", _uses_autograd), ("numerical_gradient", _uses_differences)):
            if test(space, case):
                found.setdefault("bptt_gradients", []).append(f"policy.{policy}")
    return found


# ---------------------------------------------------------------------------- manifests
@dataclass(frozen=True)
class Entry:
    """What a manifest says of a submission: codes of its mistakes, checks that lose marks, may, or by helpers only.

    `may_name`: further codes that it may be given.
    """

    file: str
    codes: tuple[str, ...]
    loses: frozenset[str]
    may_lose: frozenset[str]
    carried: frozenset[str]
    may_name: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.file


def manifest(path: Path) -> list[Entry]:
    """The entries of a manifest.toml."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["submission"]
    sets = ("loses", "may_lose", "carried")
    return [
        Entry(entry["file"], tuple(entry["codes"]), *(frozenset(entry.get(name, ())) for name in sets))
        for entry in entries
    ]


# ---------------------------------------------------------------------------- what a report says
def lost(report: Report) -> set[str]:
    """The checks that do not have all their points."""
    return {check.verdict.name for check in report.checks if check.points < check.max_points}


def codes(report: Report) -> set[str]:
    """The codes of all mistakes that are named."""
    return {diagnosis.code for check in report.checks for diagnosis in check.verdict.diagnoses}


# ---------------------------------------------------------------------------- errors carried forward
HELPERS = {
    "forward": ("relu",),
    "bptt_gradients": ("relu", "relu_derivative", "forward"),
    "train": ("relu", "relu_derivative", "forward", "bptt_gradients"),
    "predict_counts": ("relu", "forward"),
}
"""What a check may call, and be wrong through."""


def _like(model: Any, values: Any) -> Any:
    """`values` in the container of `model`."""
    if isinstance(model, (tuple, list)) and not isinstance(model[0], (list, float, int)):
        parts = [_like(m, v) for m, v in zip(model, values, strict=True)]
        return type(model)(*parts) if hasattr(model, "_fields") else parts
    if isinstance(model, torch.Tensor):
        return torch.as_tensor(np.asarray(values), dtype=model.dtype)
    return np.asarray(values).tolist() if isinstance(model, list) else np.asarray(values)


def _right(name: str, own: Callable[..., Any] | None) -> Callable[..., Any]:
    """The true function `name`, answering in the container that the submission's own answers in."""
    X, W = torch.ones(2, 2), (torch.tensor(1.0), torch.tensor(1.0))
    truth: dict[str, tuple[Callable[..., Any], tuple[Any, ...], Any]] = {
        "relu": (lambda S: np.maximum(numbers(S), 0), (X,), X),
        "relu_derivative": (lambda S: (numbers(S) > 0).astype(float), (X,), X),
        "forward": (lambda X, Wxs, Wrec: states(numbers(X), float(Wxs), float(Wrec))[:2], (X, *W), (X, X)),
        "bptt_gradients": (
            lambda X, T, Wxs, Wrec: gradient(numbers(X), numbers(T), float(Wxs), float(Wrec))[:2],
            (X, X, *W),
            W,
        ),
    }
    function, args, model = truth[name]
    if own is not None:
        with contextlib.suppress(Exception):  # one that crashes has no container of its own
            model = own(*args)
    return lambda *args: _like(model, function(*args))


def failing_by_itself(space: dict[str, Any], check: str) -> list[str]:
    """What is still wrong with a check once everything that it may call is right; leaves `space` changed."""
    right = {name: _right(name, space.get(name)) for name in HELPERS[check]}
    own = {id(space[name]): right[name] for name in right if name in space}
    for value in space.values():  # a helper may be bound as a default argument
        if isinstance(value, types.FunctionType) and value.__defaults__:
            value.__defaults__ = tuple(own.get(id(default), default) for default in value.__defaults__)
    space.update(right)
    return failing(space, (check,)).get(check, [])

"""The options of the commands, and the values that are checked while they are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from grader.cli_publish import PUBLISHED
from grader.suggest import did_you_mean

__all__ = ["DEVICE", "FORMAT", "RUBRIC", "SEED", "grade_options"]

_F = TypeVar("_F", bound=Callable[..., Any])
_DEVICES = click.Choice(["cpu", "cuda", "mps"])


def _check_format(_context: click.Context, parameter: click.Parameter, value: str) -> str:
    allowed = str(parameter.metavar).split("|")
    if value not in allowed:
        raise click.UsageError(
            f"no such format {value!r}; there are: {', '.join(allowed)}{did_you_mean(value, allowed)}"
        )
    return value


def _check_seconds(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and 0.1 <= value <= 3600):
        raise click.UsageError(f"--time-limit: expected seconds from 0.1 to 3600, got {value:g}")
    return value


FORMAT = click.option(
    "--format", "format_", default="text", metavar="text|json", callback=_check_format, help="What to print."
)
_GRADE_FORMAT = click.option(
    "--format",
    "format_",
    default="text",
    metavar="|".join(("text", "json", "html", *PUBLISHED)),
    callback=_check_format,
    help="What to print. Only text, json, junit and github are for several submissions.",
)
SEED = click.option("--seed", metavar="N", help="Draw the cases from this seed rather than the rubric's.")
RUBRIC = click.option("--rubric", type=click.Path(path_type=Path), metavar="FILE", help="Points, limits, seed: TOML.")
DEVICE = click.option("--device", type=_DEVICES, default="cpu", help="Where tensors live. Default: cpu.")

_GRADE = (
    click.argument("paths", nargs=-1, required=True, metavar="PATH..."),
    _GRADE_FORMAT,
    click.option(
        "-o", "out", metavar="OUT", help="Write to this file instead; a folder: grade a class into it, or go on."
    ),
    click.option(
        "-j",
        "jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Grade N of a class at once. Default: all cores.",
    ),
    RUBRIC,
    SEED,
    click.option(
        "--bank", type=click.Path(path_type=Path), metavar="FILE", help="Cases that `grader bank export` froze."
    ),
    DEVICE,
    click.option(
        "--isolation",
        type=click.Choice(["strong", "standard", "basic", "none"]),
        default="standard",
        help="The least isolation accepted. Default: standard.",
    ),
    click.option(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        callback=_check_seconds,
        help="For one check's calls. Default: 10.",
    ),
    click.option(
        "--map",
        "mapping",
        multiple=True,
        metavar="CONTRACT=THEIRS",
        help="A function's other name; in a script without functions, a variable's (repeatable).",
    ),
    click.option(
        "--legacy-torch",
        type=click.Choice(["auto", "on", "off"]),
        default="auto",
        help="Let a script without functions run as on PyTorch 0.3: where it must, always, never.",
    ),
    click.option(
        "--feedback",
        type=click.Choice(["score", "verdict", "example", "trace"]),
        help="Print what a student may see, up to this depth. Default: all, for a teacher.",
    ),
    click.option(
        "--from",
        "source",
        type=click.Choice(["auto", "folder", "canvas", "moodle", "nbgrader"]),
        help="How a class's submissions are laid out. Default: auto.",
    ),
    click.option("--scheduler", metavar="ADDRESS", help="Grade a class on the Dask cluster whose scheduler is there."),
    click.option(
        "--drop-missing", is_flag=True, help="Take students who are no more in the class out of a folder's outputs."
    ),
    click.option("--anonymous", is_flag=True, help="Pseudonyms in place of names in all that is written of a class."),
    click.option("--exit-zero", is_flag=True, help="Exit 0 where it would be 1."),
    click.option("-q", "--quiet", is_flag=True, help="The mark alone."),
    click.option("-v", "--verbose", is_flag=True, help="Also properties that hold, versions, timings."),
)
"""The options of `grade`, in the order its help shows them."""


def grade_options(function: _F) -> _F:
    """Add the options of `grade`."""
    for option in reversed(_GRADE):
        function = option(function)
    return function

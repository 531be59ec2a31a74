"""The commented rubric that `grader init` writes."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from grader.contract import CHECKS
from grader.errors import UsageError

__all__ = ["rubric_text", "write_rubric"]

_HEAD = """\
# Rubric for the counting-ones exercise. Every line is optional: what is left out has the value shown here.
# Keep this file from students: whoever knows the seed can draw the very cases they are marked with.

seed = "{seed}"  # 128 random bits, this course's own; without one the public seed is used
pass_mark = 50  # percent of all points

[points]  # by check; 0 shows a check without counting it
{points}

[limits]
time_limit_s = 10  # for the calls of one check; a whole submission has 6 times as long
memory_mib = 1024
output_kib = 1024  # what a submission may print

[feedback]  # what students are told: score < verdict < example < trace
before_due = "example"
after_due = "trace"

[policy]  # a gradient that was not written by hand: fail | warn | allow
autograd = "fail"
numerical_gradient = "fail"

[convention]  # which loss gradients and losses may be of: sum | mean_over_sequences | mean_over_time | mean | any
loss = "sum"

[map]  # functions that have another name in all submissions of the course
# forward = "forward_pass"

# A check's points are shared among its properties by weight. Properties marked "gated" may hold by chance
# in a wrong function: they earn their share only when all the others of their check hold.
"""


def rubric_text(seed: str) -> str:
    """Write a rubric that says the defaults, with `seed`, and each property's weight as a comment."""
    points = "\n".join(f"{check.name} = {check.points}" for check in CHECKS)
    parts = [_HEAD.format(seed=seed, points=points)]
    for check in CHECKS:
        rows = [f"# {prop.name} = {prop.weight}  # {_note(prop.title, gated=prop.gated)}" for prop in check.properties]
        parts.append("\n".join([f"[weights.{check.name}]", *rows, ""]))
    return "\n".join(parts)


def _note(title: str, *, gated: bool) -> str:
    return f"gated: {title}" if gated else title


def write_rubric(path: Path) -> None:
    """Write a fresh rubric to `path`, readable by its owner alone. Raises UsageError if it exists or cannot be made."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        msg = f"{path} exists already: name another file, or remove it first"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"{path}: cannot write the rubric: {error.strerror or error}"
        raise UsageError(msg) from error
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(rubric_text(secrets.token_hex(16)))

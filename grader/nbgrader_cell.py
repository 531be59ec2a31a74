"""What the locked cells of an nbgrader assignment call: `points("forward", 20, "rnn_counting")`.

Under `nbgrader autograde` the call is worth the points that `grade` gives the notebook which is being autograded. The
first cell has the file graded, once, in a confined process of its own; what comes back into this kernel is what the
student may see and the points, never a case to come. Anywhere else (a student's own Jupyter, `nbgrader validate`) it
is the self-check: public cases, no mark.

Whatever is printed on standard error costs the cell its points, so nothing is. A cell that failed would be a zero, and
one that gave no number full marks; where there is no mark, the call is worth infinity. nbgrader refuses a number above
the maximum, so it leaves the student without a mark, names them, and autogrades them again next time.

The submission's code ran in this kernel before: it can put anything in this module's place. Marks that hold against
that come from `grader push nbgrader`.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["points"]

_EXECUTION = "NBGRADER_EXECUTION"  # nbgrader says here why it runs a notebook
_RUBRIC = "GRADER_RUBRIC"
_INTERRUPTED = "interrupted: give the cells more time, with c.Execute.timeout in nbgrader_config.py"
_COURSE_FILES = ("nbgrader_config.py", "gradebook.db")
_PACKAGES = Path(__file__).resolve().parents[1]

_results: dict[Path, dict[str, Any]] = {}


class _NoMarkError(Exception):
    """There is none, and why."""


def points(check: str, worth: float, notebook: str = "") -> object:
    """Return what `check`, worth `worth`, earns in the file `notebook`.ipynb; outside of autograding, a self-check."""
    purpose = os.environ.get(_EXECUTION)
    if purpose != "autograde":
        namespace = sys._getframe(1).f_globals  # noqa: SLF001 - the notebook that asks
        return _self_check(check, namespace, worth if purpose == "validate" else None)
    try:
        earned, text = _earned(check, worth, _graded(_find(notebook)))
    except KeyboardInterrupt:  # nbgrader's time for a cell is up
        return _no_mark(_INTERRUPTED)
    except _NoMarkError as fault:
        return _no_mark(str(fault))
    except Exception as fault:  # noqa: BLE001 - ours, whatever it is: never the student's zero
        return _no_mark(f"{type(fault).__name__}: {fault}")
    print(text)  # noqa: T201 - what the student sees
    return int(earned) if earned == int(earned) else earned


def _no_mark(reason: str) -> float:
    print(f"not graded: {reason}")  # noqa: T201 - seen with `nbgrader autograde --debug`
    return math.inf


# ---------------------------------------------------------------------------- autograding
def _find(notebook: str) -> Path:
    """The file that is being autograded: `notebook` in the folder the kernel started in, or the only one there."""
    folder = _starting_folder()
    named = folder / f"{notebook}.ipynb"
    if notebook and named.is_file():
        return named
    there = sorted(folder.glob("*.ipynb"))
    if len(there) != 1:
        raise _NoMarkError(f"which notebook? {named.name} is not in {folder}, but {len(there)} others are")
    return there[0]


def _starting_folder() -> Path:
    """Where the kernel started: the submission may have changed its folder since."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module else None
    return Path(getattr(shell, "starting_dir", "."))


def _graded(path: Path) -> dict[str, Any]:
    """What `grade` found; it is asked once, whatever comes of it. Raises _NoMarkError."""
    if path not in _results:
        _results[path] = {"reason": _INTERRUPTED}
        result = _grade(path)
        differing = _differing(_worths(path), result)  # one cell, and none has a mark: half of one looks like a whole
        _results[path] = {"reason": differing} if differing else result
    result = _results[path]
    if result.get("outcome") != "graded":
        raise _NoMarkError(str(result["reason"])[-2000:])
    return result


def _grade(path: Path) -> dict[str, Any]:
    rubric = _rubric(path.parent)
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "grader", "grade", "--format", "nbgrader"]
        + (["--rubric", str(rubric)] if rubric else [])
        + ["--", str(path)],
        cwd=_PACKAGES,  # not the submission's folder, from which Python would import
        env={name: value for name, value in os.environ.items() if not name.startswith(("NBGRADER_", "JPY_"))},
        stdin=subprocess.DEVNULL,
        capture_output=True,  # above all stderr
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    try:
        result: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        result = {"reason": f"`grade` ended with status {done.returncode} and no result"}
    return {**result, "reason": done.stderr.strip() or result["reason"]}


def _rubric(folder: Path) -> Path | None:
    """GRADER_RUBRIC, else the course's rubric.toml; never one that came with the submission, which lies in `folder`."""
    if named := os.environ.get(_RUBRIC):
        return Path(named)
    for above in folder.parents:
        if any((above / name).exists() for name in _COURSE_FILES):
            rubric = above / "rubric.toml"
            return rubric if rubric.is_file() else None
    return None


def _worths(path: Path) -> dict[str, float]:
    """What the cells of points in the notebook are worth, by check, as nbgrader has it."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    facts = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    return {fact["grade_id"]: float(fact["points"]) for fact in facts if fact.get("grade")}


def _differing(worths: Mapping[str, float], result: dict[str, Any]) -> str:
    """Say which check is worth something else by the rubric, if one is."""
    for check, found in result.get("checks", {}).items():
        if check in worths and abs(worths[check] - found["worth"]) > 1e-9:
            return (
                f"{check} is worth {found['worth']:g} by the rubric and {worths[check]:g} by its cell: put the "
                f"course's rubric.toml beside nbgrader_config.py, or its path into {_RUBRIC}, or pack again"
            )
    return ""


def _earned(check: str, worth: float, result: dict[str, Any]) -> tuple[float, str]:
    """Points, and what to print. Raises _NoMarkError where the rubric says another maximum than the call."""
    if differing := _differing({check: worth}, result):
        raise _NoMarkError(differing)
    found = result["checks"][check]
    notes, result["notes"] = result["notes"], ""  # they are on the whole file: the first cell tells them
    lines = (f"{check}: {found['points']:g} of {worth:g} points", found["text"], notes)
    return float(found["points"]), "\n".join(filter(None, lines))


# ---------------------------------------------------------------------------- anywhere else
def _self_check(check: str, namespace: Mapping[str, Any], worth: float | None) -> object:
    """The card on a function; for `nbgrader validate`, which reads numbers, all points or none."""
    function = namespace.get(check)
    if not callable(function):
        print(f"{check} is not defined yet: run the cell above this one first.")  # noqa: T201 - for the student
        return None if worth is None else 0
    try:
        from grader.student import check as ask  # noqa: PLC0415 - late: it needs NumPy, and autograding does not

        card = ask(function, check)
    except Exception as fault:  # noqa: BLE001 - a student must not be shown a traceback of ours
        print(f"{check} could not be checked here ({fault}). That changes nothing about your mark.")  # noqa: T201
        return None
    if worth is None:
        return card
    print(card)  # noqa: T201 - for the student
    return worth if card.passed else 0

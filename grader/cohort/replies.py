"""What workers elsewhere reply: read as data, checked, and put into a sentence where it is not what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from grader.cohort.executors import Job, Result
from grader.cohort.plain import WireError, expect

__all__ = ["cannot_run", "differs", "read_reply", "read_result", "told"]

_MOST_CHARACTERS = 2**25
_MOST_TOLD = 300


def read_reply(text: Any) -> dict[str, Any]:
    """The table that `text` holds. Raises WireError."""
    expect(isinstance(text, str) and len(text) <= _MOST_CHARACTERS, "a text", type(text))
    try:
        message = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as fault:
        raise WireError(f"expected a table, got {text[:60]!r}") from fault
    expect(isinstance(message, dict), "a table", message)
    return dict(message)


def _refuse_constant(name: str) -> NoReturn:
    raise WireError(f"{name} is no number")


def read_result(message: Mapping[str, Any], job: Job, bank_sha256: str) -> Result:
    """The result, if it is one of this job, found with this bank; what is in `judged` is not looked into further.

    Raises WireError.
    """
    expect(message.keys() == {"key", "judged", "wall_s", "fault"}, "a result", message)
    expect(message["key"] == job.key, job.key, message["key"])
    wall_s, judged = message["wall_s"], message["judged"]
    expect(type(wall_s) in (int, float) and 0 <= wall_s < float("inf"), "seconds", wall_s)
    expect(isinstance(message["fault"], str), "a text", message["fault"])
    if judged is not None:
        expect(isinstance(judged, dict) and isinstance(judged.get("provenance"), dict), "what was found", judged)
        bank = judged["provenance"].get("bank_sha256")
        expect(bank == bank_sha256, f"bank {bank_sha256}", bank)
    return Result(job.key, judged, wall_s, message["fault"])


# ---------------------------------------------------------------------------- sentences
def told(fault: BaseException) -> str:
    """The kind of an exception and the first line of what it says."""
    first = str(fault).strip().partition("\n")[0]
    return f"{type(fault).__name__}: {first}"[:_MOST_TOLD].rstrip(": ")


def cannot_run(address: str, fault: BaseException) -> str:
    """Why a worker that could not even say what it grades with is set aside."""
    return (
        f"worker {address} cannot run the grader ({told(fault)}): install the same bptt-grader[cluster] for the "
        "scheduler and every worker"
    )


def differs(address: str, here: Mapping[str, str | None], there: Any) -> str:
    """Why a worker that grades with `there` is set aside, where we are `here`."""
    named = there if isinstance(there, dict) else {}
    names = [name for name in here if named.get(name) != here[name]]
    pairs = ", ".join(f"{name} {str(named.get(name))[:40]} there and {here[name]} here" for name in names)
    return f"worker {address} would grade differently: {pairs or 'it names more versions'}; install the same there"

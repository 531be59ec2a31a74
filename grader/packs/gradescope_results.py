"""What Gradescope takes for a `results.json`: its own rules, then the schema of what we write."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Iterator
from typing import Any

from grader.publish import schema_text

__all__ = ["problems", "read_results"]

_TOP = {
    *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility"),
    *("stdout_visibility", "extra_data", "tests", "leaderboard"),
}
_TEST = {
    *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags"),
    *("visibility", "extra_data"),
}
_VISIBILITY = ("hidden", "after_due_date", "after_published", "visible")
_FORMATS = ("text", "simple_format", "html", "md", "ansi")
_ONE_OF = {
    **dict.fromkeys(("visibility", "stdout_visibility"), _VISIBILITY),
    **dict.fromkeys(("output_format", "test_output_format", "test_name_format", "name_format"), _FORMATS),
    "status": ("passed", "failed"),
}


def read_results(text: str) -> Any:
    """The JSON value. Raises ValueError where it is none, NaN and infinities included."""

    def refuse(constant: str) -> None:
        msg = f"{constant} is no number in JSON"
        raise ValueError(msg)

    return json.loads(text, parse_constant=refuse)


def problems(data: Any) -> tuple[str, ...]:
    """Why the platform would not take this, one line each. No score at all is none: it stands for "not graded"."""
    return tuple(_problems(data)) or tuple(_against_schema(data))


def _problems(data: Any) -> Iterator[str]:
    if not isinstance(data, dict):
        yield "an object is expected"
        return
    yield from _object(data, _TOP, "results.json")
    tests = data.get("tests", [])
    if not isinstance(tests, list) or not all(isinstance(test, dict) for test in tests):
        yield "tests: a list of objects is expected"
        return
    for number, test in enumerate(tests):
        yield from _object(test, _TEST, f"tests[{number}]")


def _object(data: dict[str, Any], known: set[str], where: str) -> Iterator[str]:
    for key, value in data.items():
        if key not in known:
            yield f"{where}: {key[:40]!r} is unknown there"
        elif key in ("score", "max_score", "execution_time"):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                yield f"{where}: {key} is no number"
        elif key in ("name", "output") and not isinstance(value, str):
            yield f"{where}: {key} is no text"
        elif key in _ONE_OF and value not in _ONE_OF[key]:
            yield f"{where}: {key} is none of {', '.join(_ONE_OF[key])}"


def _against_schema(data: Any) -> Iterator[str]:
    try:
        jsonschema = importlib.import_module("jsonschema")
    except ImportError:  # the rules above are what counts
        return
    validator = jsonschema.Draft202012Validator(json.loads(schema_text("gradescope")))
    for error in validator.iter_errors(data):
        yield f"{'/'.join(map(str, error.absolute_path)) or 'results.json'}: {error.message[:200]}"

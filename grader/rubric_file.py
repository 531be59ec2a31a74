"""Reads a rubric from TOML, strictly: whatever is not understood is refused, naming file, line and key."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from grader.contract import CHECK_BY_NAME, FUNCTIONS
from grader.errors import RubricError
from grader.judge import CONVENTIONS, Convention
from grader.result import FEEDBACK_LEVELS, Feedback
from grader.rubric import MAPPED, Limits, PolicyRule, Rubric, check_mapping, check_seed
from grader.rubric_lines import find_line
from grader.suggest import did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["load_rubric", "parse_rubric"]

_MAX_FILE_BYTES = 1 << 20
_MIB = 1 << 20
_KIB = 1 << 10
_RULES = ("fail", "warn", "allow")
_ENDLESS = (  # what takes quadratic time to read
    (re.compile(r"""(?:\.[ \t]*[\w"'-]+[ \t]*){64}"""), "a key of too many parts"),
    (re.compile(r"0[xob][\da-fA-F_]{20000}"), "a number with too many digits"),
)
_HUGE_NUMBER = re.compile(r"[\d_]{1000}|[eE][+-]?[\d_]{18}")


def load_rubric(path: Path) -> Rubric:
    """Read the TOML file `path`. Raises RubricError naming file, line, key and what is allowed."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        msg = f"{path}: cannot read the rubric: {error.strerror or error}"
        raise RubricError(msg) from error
    if len(raw) > _MAX_FILE_BYTES:
        msg = f"{path}: larger than {_MAX_FILE_BYTES // _MIB} MiB: not a rubric"
        raise RubricError(msg)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        msg = f"{path}, line {line}: not UTF-8 text"
        raise RubricError(msg) from error
    return parse_rubric(text, str(path))


def parse_rubric(text: str, name: str) -> Rubric:
    """Read the rubric in `text`; `name` is the file's, for messages. Raises RubricError as `load_rubric` does."""
    text = text.replace("\r\n", "\n")
    for pattern, what in _ENDLESS:
        if found := pattern.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise RubricError(f"{name}, line {line}: {what}")
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError) as error:  # TOMLDecodeError, or a number larger than Python reads
        raise RubricError(_syntax_message(str(error), text, name)) from error
    except RecursionError as error:
        msg = f"{name}: nested too deeply for a rubric"
        raise RubricError(msg) from error
    return _Reader(text, name, data).rubric()


def _syntax_message(problem: str, text: str, name: str) -> str:
    """Say a TOML error in one line: the parser's words, except for a duplicate, which it calls an overwritten value."""
    lines = text.split("\n")
    number = len(lines)
    if found := re.search(r"\(at line (\d+)", problem):
        number = min(int(found.group(1)), len(lines))
    elif huge := _HUGE_NUMBER.search(text):
        number = text.count("\n", 0, huge.start()) + 1
    line = lines[number - 1].strip()
    what = re.sub(r"\s*\(at .*\)$", "", problem)
    if "integer string conversion" in problem or "InvalidOperation" in problem:
        what = "a number with too many digits"
    if "overwrite" in problem or "twice" in problem or "mutate" in problem:
        what = f"{line.partition('=')[0].strip()[:60]} is given twice: keep one"
    return f"{name}, line {number}: {what}"


class _Reader:
    """Turns parsed TOML into a Rubric, or says which line is wrong. Numbers with a point arrive as Decimal."""

    def __init__(self, text: str, name: str, data: dict[str, Any]) -> None:
        self.text = text
        self.name = name
        self.data = data

    def fail(self, key: tuple[str, ...], problem: str) -> RubricError:
        line = find_line(self.text, key)
        place = f"{self.name}, line {line}" if line else self.name
        return RubricError(f"{place}: {'.'.join(key)}: {problem}")

    def rubric(self) -> Rubric:
        default = Rubric()
        top = self.table(
            (), ("seed", "pass_mark", "points", "weights", "limits", "feedback", "policy", "convention", "map")
        )
        points = {**default.points, **self.numbers(("points",), FUNCTIONS)}
        weights = self.weights(default.weights)
        self.check_sums(points, weights)
        feedback = self.table(("feedback",), ("before_due", "after_due"))
        policy = self.table(("policy",), default.policy)
        self.table(("limits",), ("time_limit_s", "memory_mib", "output_kib"))
        rule = cast("Callable[[tuple[str, ...], Any, str], PolicyRule]", self.one_of(_RULES))
        losses = self.table(("convention",), ("loss",))
        convention = cast("Callable[[tuple[str, ...], Any, str], Convention]", self.one_of(CONVENTIONS))
        level = cast("Callable[[tuple[str, ...], Any, str], Feedback]", self.one_of(FEEDBACK_LEVELS))
        return Rubric(
            points=points,
            weights=weights,
            pass_mark=self.pass_mark(top.get("pass_mark", 50)),
            seed=self.seed(top.get("seed")),
            limits=Limits(
                time_limit_s=float(self.within("time_limit_s", 10, Decimal("0.1"), 3600)),
                memory_bytes=int(self.within("memory_mib", 1024, 64, 1 << 20, whole=True)) * _MIB,
                output_bytes=int(self.within("output_kib", 1024, 1, 1 << 20, whole=True)) * _KIB,
            ),
            feedback_before_due=level(("feedback", "before_due"), feedback, default.feedback_before_due),
            feedback_after_due=level(("feedback", "after_due"), feedback, default.feedback_after_due),
            policy={name: rule(("policy", name), policy, usual) for name, usual in default.policy.items()},
            convention=convention(("convention", "loss"), losses, default.convention),
            mapping=self.mapping(),
        )

    def table(self, key: tuple[str, ...], allowed: Iterable[str]) -> dict[str, Any]:
        """Return the table at `key`, empty if absent, with no keys but the allowed ones."""
        value: Any = self.data
        for part in key:
            value = value.get(part, {})
        if not isinstance(value, dict):
            raise self.fail(key, f"expected a table, got {_show(value)}: write [{'.'.join(key)}] and its keys below")
        names = tuple(allowed)
        for name in value:
            if name not in names:
                why = ": how far an answer may be off is derived, not set" if "toleran" in name.lower() else ""
                problem = f"unknown key{why}; allowed: {', '.join(names)}{did_you_mean(name, names)}"
                raise self.fail((*key, name), problem)
        return value

    def numbers(self, key: tuple[str, ...], allowed: Iterable[str]) -> dict[str, Fraction]:
        return {name: self.number((*key, name), value) for name, value in self.table(key, allowed).items()}

    def number(self, key: tuple[str, ...], value: Any) -> Fraction:
        """Read a number >= 0 with at most two decimals, so that what is shown is what is meant."""
        wanted = "expected a number from 0 to 1000000 with at most two decimals"
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not Decimal(value).is_finite():
            raise self.fail(key, f"{wanted}, got {_show(value)}")
        if not 0 <= value <= 1_000_000 or Decimal(value) != round(Decimal(value), 2):
            raise self.fail(key, f"{wanted}, got {_show(value)}")
        return Fraction(value)

    def weights(self, default: Mapping[str, Mapping[str, Fraction]]) -> dict[str, dict[str, Fraction]]:
        self.table(("weights",), FUNCTIONS)
        return {
            name: {**row, **self.numbers(("weights", name), [prop.name for prop in CHECK_BY_NAME[name].properties])}
            for name, row in default.items()
        }

    def check_sums(self, points: Mapping[str, Fraction], weights: Mapping[str, Mapping[str, Fraction]]) -> None:
        if not any(points.values()):
            raise self.fail(("points",), "every check is worth 0: give at least one of them points")
        for name, row in weights.items():
            if points[name] and not any(row.values()):
                problem = f"every weight is 0, but {name} is worth points: give a property weight, or set points to 0"
                raise self.fail(("weights", name), problem)

    def pass_mark(self, value: Any) -> Fraction:
        mark = self.number(("pass_mark",), value)
        if mark > 100:
            raise self.fail(("pass_mark",), f"expected a percentage of all points, 0 to 100, got {_show(value)}")
        return mark

    def seed(self, value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int)) or (isinstance(value, int) and value >> 128):
            raise self.fail(("seed",), f"expected text in quotes, got {_show(value)}")
        try:
            return check_seed(str(value))
        except ValueError as error:
            raise self.fail(("seed",), str(error)) from None

    def within(self, name: str, default: int, least: int | Decimal, most: int, *, whole: bool = False) -> int | Decimal:
        """Read the limit `name`, which lies in [least, most]."""
        value = self.data.get("limits", {}).get(name, default)
        kinds = (int,) if whole else (int, Decimal)
        right = isinstance(value, kinds) and not isinstance(value, bool) and Decimal(value).is_finite()
        if not right or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            raise self.fail(("limits", name), f"expected {kind} from {least} to {most}, got {_show(value)}")
        return cast("int | Decimal", value)

    def one_of(self, allowed: tuple[str, ...]) -> Callable[[tuple[str, ...], dict[str, Any], str], str]:
        def read(key: tuple[str, ...], table: dict[str, Any], default: str) -> str:
            value = table.get(key[-1], default)
            if value not in allowed:
                near = did_you_mean(value, allowed) if isinstance(value, str) else ""
                raise self.fail(key, f"got {_show(value)}; allowed: {', '.join(allowed)}{near}")
            return str(value)

        return read

    def mapping(self) -> dict[str, str]:
        table = self.table(("map",), MAPPED)
        for name, theirs in table.items():
            if not isinstance(theirs, str):
                raise self.fail(("map", name), f"expected text in quotes, got {_show(theirs)}")
            try:
                check_mapping(name, theirs)
            except ValueError as error:
                raise self.fail(("map", name), str(error)) from None
        return table


def _show(value: Any) -> str:
    """Write the value as TOML has it, in short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, Decimal)):
        small = Decimal(value).is_nan() or -(1 << 64) < value < 1 << 64
        return str(value)[:40] if small else "a huge number"
    if isinstance(value, str):
        return repr(value[:40])
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a table"
    return f"a {type(value).__name__}"

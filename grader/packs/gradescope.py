"""`autograder.zip` for Gradescope: `setup.sh` and `run_autograder` at its root, the grader's wheel, the course.

The same rubric, bank, options and sources give the same bytes. It holds the seed: it is for its owner alone.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from grader.cases import CaseBank, import_bank, load_or_build
from grader.cases.bank import encode_bank
from grader.errors import GraderError, UsageError
from grader.packs.distribution import full_wheel, full_wheel_name
from grader.packs.gradescope_layout import BANK, DEFAULT_LIMIT_S, RUBRIC, SETTINGS, check_limit, settings_text
from grader.result import Feedback
from grader.rubric import check_seed
from grader.rubric_file import load_rubric, parse_rubric
from grader.rubric_template import rubric_text

__all__ = ["Packed", "pack_gradescope"]

_FILES = Path(__file__).parent / "gradescope_files"
_DATE = (1980, 1, 1, 0, 0, 0)
_REGULAR, _UNIX = 0o100000, 3
_BACKSTOP_S = 30  # after the grader's own limit
_NO_SEED = (
    "no seed: with the public one there is nothing hidden, so it is never packed; "
    "name the course's rubric with --rubric (`grader init` writes one), or give --seed"
)


@dataclass(frozen=True)
class Packed:
    """The archive's bytes, and what went into it."""

    content: bytes
    bank_sha256: str
    feedback: Feedback
    limit_s: float


def pack_gradescope(
    *,
    rubric: Path | None = None,
    seed: str | None = None,
    bank: Path | None = None,
    feedback: Feedback | None = None,
    limit_s: float = DEFAULT_LIMIT_S,
) -> Packed:
    """Pack the grader for a course; what is None comes from the rubric, or is as usual. `limit_s`: for one submission.

    Raises UsageError where there is no seed but the public one, or two of them; BankError, GraderError.
    """
    check_limit(limit_s)
    text = _rubric_text(rubric, _checked(seed))
    read = parse_rubric(text, str(rubric or RUBRIC))
    cases = _cases(read.seed, bank)
    level = feedback or read.feedback_before_due
    files = {
        "README.md": (_FILES / "README.md").read_bytes(),
        "requirements.txt": (_FILES / "requirements.txt").read_bytes(),
        RUBRIC: text.encode(),
        BANK: encode_bank(cases),
        SETTINGS: settings_text(level, limit_s).encode(),
        full_wheel_name(): full_wheel(),
    }
    backstop = str(int(limit_s + _BACKSTOP_S))
    programs = {
        "setup.sh": (_FILES / "setup.sh").read_bytes(),
        "run_autograder": (_FILES / "run_autograder").read_bytes().replace(b"@BACKSTOP@", backstop.encode()),
    }
    return Packed(_zipped(files, programs), cases.sha256, level, limit_s)


def _checked(seed: str | None) -> str | None:
    if seed is None:
        return None
    try:
        ours = check_seed(seed)
    except ValueError as error:
        raise UsageError(f"--seed: {error}") from None
    if ours is None:
        raise UsageError(_NO_SEED)
    return ours


def _rubric_text(path: Path | None, seed: str | None) -> str:
    """The rubric to pack, as TOML; one of the usual points where only a seed is given."""
    if path is None:
        return rubric_text(seed) if seed else ""
    said = load_rubric(path).seed
    if seed and said and seed != said:
        raise UsageError(f"--seed: {path} says another one: give one of them")
    text = path.read_text(encoding="utf-8-sig")
    return f'seed = "{seed}"\n{text}' if seed and not said else text


def _cases(seed: str | None, path: Path | None) -> CaseBank:
    if path is None:
        if seed is None:
            raise UsageError(_NO_SEED)
        return load_or_build(seed)
    bank = import_bank(path)
    if check_seed(bank.seed) is None:
        raise UsageError(f"--bank {path}: these are the public cases; {_NO_SEED}")
    if seed is not None and seed != bank.seed:
        raise UsageError(f"--bank {path}: its cases are of another seed: give one of them")
    return bank


def _zipped(files: dict[str, bytes], programs: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted({**files, **programs}.items()):
            if name in programs and b"\r" in content:
                raise GraderError(f"{name} cannot be packed: its lines must end as on Linux")
            member = zipfile.ZipInfo(name, _DATE)
            member.create_system, member.compress_type = _UNIX, zipfile.ZIP_DEFLATED
            member.external_attr = (_REGULAR | (0o755 if name in programs else 0o644)) << 16
            archive.writestr(member, content)
    return out.getvalue()

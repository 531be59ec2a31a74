"""What a teacher hands out: template notebook and script, a README, and the wheel of the self-check."""

from __future__ import annotations

from pathlib import Path

from grader.atomic import write_atomically
from grader.errors import GraderError, UsageError
from grader.kit.data import kit_data
from grader.kit.wheel import wheel_name, write_wheel

__all__ = ["build_kit"]

_ROOT = Path(__file__).parents[2]
_TEMPLATES = ("rnn_counting.ipynb", "rnn_counting.py")
_README = Path(__file__).parent / "README.student.md"
_ENDS_AT = "\n## How to run it"


def build_kit(folder: Path, cache_dir: Path | None = None) -> tuple[Path, ...]:
    """Write the kit into `folder`, made if need be, and name its files; files of the same names are replaced.

    Nothing of a course is in it: neither rubric nor seed is asked for. Raises UsageError where it cannot be written.
    """
    files = _files(cache_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = folder / name
            write_atomically(path, content)
            path.chmod(0o644)
    except OSError as error:
        raise UsageError(f"-o {folder}: cannot write the kit: {error.strerror or error}") from None
    return tuple(folder / name for name in files)


def _files(cache_dir: Path | None) -> dict[str, bytes]:
    templates = _ROOT / "student_template"
    try:
        files = {name: (templates / name).read_bytes() for name in _TEMPLATES}
        exercise, found, _ = (templates / "README.md").read_text(encoding="utf-8").partition(_ENDS_AT)
        readme = _README.read_text(encoding="utf-8")
    except OSError as error:
        raise GraderError(f"the student kit cannot be made: {error.filename}: {error.strerror}") from None
    if not found:
        raise GraderError("the student kit cannot be made: the exercise's page has no part on how to run it")
    wheel = wheel_name()
    text = readme.replace("WHEEL", wheel) + "\n" + exercise.replace("\n## ", "\n### ").replace("# ", "## ", 1)
    return {"README.md": text.encode(), **files, wheel: write_wheel(kit_data(cache_dir))}

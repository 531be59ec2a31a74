"""The wheel that students install: what is in it is named here, module by module; nothing else gets in.

The same distribution under the version `X+student` (PEP 440), so that pip tells it from the teacher's and replaces one
by the other. Written by hand: a wheel is a zip with three more files (PEP 427), and nothing need be fetched for it.
The same sources and data give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from grader import __version__
from grader.errors import GraderError

__all__ = ["MODULES", "STAND_INS", "sealed", "student_version", "wheel_name", "write_wheel"]

_PACKAGE = Path(__file__).parents[1]

MODULES = (
    "__init__.py",
    "contract.py",
    "contract_flat.py",
    "errors.py",
    "messages.py",
    "model.py",
    "suggest.py",
    "cases/bank.py",
    "judge/check.py",
    "judge/findings.py",
    "judge/general.py",
    "judge/policy.py",
    "judge/screen.py",
    "judge/sizes.py",
    "judge/twins.py",
    "load/__init__.py",
    "load/companions.py",
    "load/files.py",
    "load/notebook.py",
    "load/program.py",
    "load/text.py",
    "report/__init__.py",
    "report/case.py",
    "report/clean.py",
    "report/phrases.py",
    "sandbox/__init__.py",
    "sandbox/flat_facts.py",
    "sandbox/launch.py",
    "sandbox/levels.py",
    "sandbox/line.py",
    "sandbox/paths.py",
    "sandbox/subject.py",
    "sandbox/unconfined.py",
    "sandbox/inside/__init__.py",
    "sandbox/inside/bare.py",
    "sandbox/inside/beside.py",
    "sandbox/inside/blocks.py",
    "sandbox/inside/child.py",
    "sandbox/inside/companions.py",
    "sandbox/inside/evidence.py",
    "sandbox/inside/frames.py",
    "sandbox/inside/inert.py",
    "sandbox/inside/lost.py",
    "sandbox/inside/magics.py",
    "sandbox/inside/namespace.py",
    "sandbox/inside/parsing.py",
    "sandbox/inside/program.py",
    "sandbox/inside/proxies.py",
    "sandbox/inside/running.py",
    "sandbox/inside/scratch.py",
    "sandbox/inside/stubs.py",
    "sandbox/inside/survey.py",
    "sandbox/inside/wording.py",
    "sandbox/inside/flat/__init__.py",
    "sandbox/inside/flat/altered.py",
    "sandbox/inside/flat/kinds.py",
    "student/__init__.py",
    "student/card.py",
    "student/checking.py",
    "student/command.py",
    "student/harmless.py",
    "student/notebook.py",
    "student/shipped/__init__.py",
    "student/shipped/stock.py",
)
"""Paths within the package, in the wheel as they are here."""

STAND_INS: Mapping[str, str] = {
    "__main__.py": "student/shipped/main.py",
    "cases/__init__.py": "student/shipped/cases.py",
    "judge/__init__.py": "student/shipped/judge.py",
    "judge/way.py": "student/shipped/way.py",
    "sandbox/inside/flat/load.py": "student/shipped/flat.py",
    "sandbox/inside/flat/recognise.py": "student/shipped/flat.py",
    "student/stock.py": "student/shipped/shelf.py",
}
"""Path in the wheel -> the module that takes its place there."""

_DATE = (1980, 1, 1, 0, 0, 0)
_METADATA = """\
Metadata-Version: 2.1
Name: bptt-grader
Version: {version}
Summary: Self-check for the counting-ones recurrent-network exercise: public cases only
Requires-Python: >=3.10
Requires-Dist: numpy>=1.26
Provides-Extra: torch
Requires-Dist: torch>=2.4; extra == "torch"
Description-Content-Type: text/plain

`grade my.ipynb`, or in a notebook `from grader import check` and `check.all()`.
Public cases only: what it says is not your mark.
"""
_WHEEL = "Wheel-Version: 1.0\nGenerator: bptt-grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ENTRY_POINTS = "[console_scripts]\ngrade = grader.student.command:main\n"


def student_version() -> str:
    """The version of what students install."""
    return f"{__version__}+student"


def wheel_name() -> str:
    """The wheel's file name."""
    return f"bptt_grader-{student_version()}-py3-none-any.whl"


def write_wheel(data: Mapping[str, bytes]) -> bytes:
    """The wheel's bytes; `data` goes beside the self-check. Raises GraderError if a source is not there."""
    try:
        files = {f"grader/{name}": (_PACKAGE / name).read_bytes() for name in MODULES}
        files |= {f"grader/{name}": (_PACKAGE / source).read_bytes() for name, source in STAND_INS.items()}
    except OSError as error:
        raise GraderError(f"the student kit cannot be made: {error.filename}: {error.strerror}") from None
    files["grader/__init__.py"] = _versioned(files["grader/__init__.py"])
    files |= {f"grader/student/{name}": content for name, content in data.items()}
    info = f"bptt_grader-{student_version()}.dist-info"
    files[f"{info}/METADATA"] = _METADATA.format(version=student_version()).encode()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    files[f"{info}/entry_points.txt"] = _ENTRY_POINTS.encode()
    return sealed(files, info)


def sealed(files: Mapping[str, bytes], info: str) -> bytes:
    """The bytes of a wheel of `files`, its RECORD among those in the folder `info`."""
    record = "".join(f"{name},{_digest(content)},{len(content)}\n" for name, content in sorted(files.items()))
    return _zipped({**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()})


def _versioned(source: bytes) -> bytes:
    ours = f'__version__ = "{__version__}"'.encode()
    if source.count(ours) != 1:
        raise GraderError("the student kit cannot be made: the package does not say its version once")
    return source.replace(ours, f'__version__ = "{student_version()}"'.encode())


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items(), key=lambda item: (".dist-info/" in item[0], item[0])):
            member = zipfile.ZipInfo(name, _DATE)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(member, content)
    return out.getvalue()

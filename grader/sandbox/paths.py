"""Which folders the child may read, and which packages inside them it must not."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from pathlib import Path

__all__ = ["masked", "readable", "search_path", "unused_uid"]

MASKED_PACKAGES = ("grader", "reference", "student_template")
_SYSTEM = ("/usr/lib", "/lib", "/lib64", "/usr/lib64", "/usr/share/zoneinfo", "/usr/local/lib")
_FIRST_UNUSED, _LAST_UNUSED = 61_184, 65_000  # outside what distributions hand out


def _roots_of_libraries() -> set[str]:
    """The folders that torch and NumPy are imported from, without importing them."""
    found = set()
    for name in ("torch", "numpy"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            found.add(str(Path(spec.origin).resolve().parent.parent))
    return found


def search_path() -> list[str]:
    """`sys.path` for the template: absolute folders of the standard library and installed packages only."""
    standard = {str(Path(path).resolve()) for path in sysconfig.get_paths().values()}
    base = str(Path(sys.base_prefix).resolve())
    libraries = _roots_of_libraries()
    kept = []
    for entry in sys.path:
        if not entry or not Path(entry).is_absolute():
            continue
        path = str(Path(entry).resolve())
        installed = Path(path).name in ("site-packages", "dist-packages", "lib-dynload")
        of_python = path.startswith(f"{base}{os.sep}lib") or (path.startswith(base) and path.endswith(".zip"))
        if path in standard or path in libraries or installed or of_python:
            kept.append(path)
    return list(dict.fromkeys(kept))


def readable() -> list[str]:
    """Folders a child may read: interpreter, installed packages, system libraries; none beneath another.

    >>> all(Path(path).is_absolute() for path in readable())
    True
    """
    wanted = {*search_path(), str(Path(sys.base_prefix).resolve() / "lib"), *_SYSTEM}
    wanted |= {str(Path(path).resolve()) for path in _SYSTEM}
    folders = sorted((path for path in wanted if Path(path).is_dir() and path != "/"), key=len)
    kept: list[str] = []
    for path in folders:
        if Path(path).is_symlink() or any(path.startswith(outer + "/") for outer in kept):
            continue
        kept.append(path)
    return kept


def masked() -> list[str]:
    """Folders inside readable ones that hold the grader or the reference."""
    beneath = readable()
    found = {str(Path(__file__).resolve().parent.parent)}
    for entry in {*search_path(), *sys.path}:
        for name in MASKED_PACKAGES:
            folder = Path(entry or ".").resolve() / name
            if folder.is_dir():
                found.add(str(folder))
    return sorted(path for path in found if any(path.startswith(outer + "/") for outer in beneath))


def unused_uid() -> int | None:
    """A user id nobody has, for a child of root without namespaces, if the interpreter can be run by it."""
    if sys.platform == "win32" or os.getuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - not on Windows

    needed = [Path(os.path.realpath(sys.executable)), *(Path(p) for p in search_path())]
    for path in needed:
        for part in (path, *path.parents):
            if part.exists() and not part.stat().st_mode & 0o001:
                return None
            if part.is_file():
                continue
    for uid in range(_FIRST_UNUSED, _LAST_UNUSED):
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
    return None

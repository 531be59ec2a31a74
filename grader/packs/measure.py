"""How much memory a tree of processes takes, seen from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["memory_of_tree"]

_PRIVATE = ("Pss_Anon:", "Pss_Shmem:")


def memory_of_tree(pid: int) -> int:
    """Bytes that `pid` and its descendants hold: each private page once, mapped files as the one with most has them.

    Pages of files that only others have mapped are left out, so are files that are merely cached.
    """
    private, mapped = 0, 0
    for each in _descendants(pid):
        with suppress(OSError, ValueError):  # it has ended meanwhile
            private += _private_kib(each)
            mapped = max(mapped, _from(Path(f"/proc/{each}/status"), ("RssFile:",)))
    return (private + mapped) * 1024


def _private_kib(pid: int) -> int:
    try:
        return _from(Path(f"/proc/{pid}/smaps_rollup"), _PRIVATE)
    except PermissionError:  # a confined process of an ordinary user: what it shares counts twice
        return _from(Path(f"/proc/{pid}/status"), ("RssAnon:", "RssShmem:"))


def _from(path: Path, names: tuple[str, ...]) -> int:
    lines = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return sum(int(words[1]) for words in lines if words and words[0] in names)


def _descendants(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        here = waiting.pop()
        yield here
        with suppress(OSError):
            for thread in Path(f"/proc/{here}/task").iterdir():
                children = (thread / "children").read_text(encoding="ascii")
                waiting += [int(child) for child in children.split()]

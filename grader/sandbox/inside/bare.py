"""The child where nothing confines it: a fresh process that answers over its standard input and output."""

from __future__ import annotations

import os

from . import child

__all__ = ["main"]


def main(home: str) -> None:
    """Move the frames off descriptors 0 and 1, so that prints cannot reach them, and serve."""
    questions, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    import torch  # noqa: PLC0415 - after the descriptors are safe

    torch.set_num_threads(1)
    os.chdir(home)
    child.serve(questions, answers, home)

"""The child where nothing confines it: a fresh process that answers over its standard input and output."""

from __future__ import annotations

import os
import threading
import time

from . import child

__all__ = ["main"]


_LOOK_S = 1.0


def _end_with(parent: int) -> None:
    """End this process when its parent is no more (elsewhere than on Linux no kernel does it)."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


def main(home: str) -> None:
    """Move the frames off descriptors 0 and 1, so that prints cannot reach them, and serve."""
    questions, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    import torch  # noqa: PLC0415 - after the descriptors are safe

    torch.set_num_threads(1)
    os.chdir(home)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    child.serve(questions, answers, home)

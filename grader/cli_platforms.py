"""`grader pack|emulate|fill|push PLATFORM`: what takes the grader to where a course is, and the marks back."""

from __future__ import annotations

import click

from grader import cli_gradescope
from grader.cli_canvas import fill_canvas, push_canvas
from grader.cli_moodle import fill_moodle
from grader.cli_nbgrader import pack_nbgrader, push_nbgrader

__all__ = ["GROUPS"]


@click.group("pack")
def pack() -> None:
    """Pack the grader as a platform installs it."""


@click.group("emulate")
def emulate() -> None:
    """Run what `grader pack` made as the platform would, without the platform."""


@click.group("fill")
def fill() -> None:
    """Fill a teacher's own export with the marks of a class, and touch nothing else in it."""


@click.group("push")
def push() -> None:
    """Give the marks of a class to a platform through its own interface."""


fill.add_command(fill_canvas)
fill.add_command(fill_moodle)
push.add_command(push_canvas)
push.add_command(push_nbgrader)

pack.add_command(cli_gradescope.pack_command)
pack.add_command(pack_nbgrader)
emulate.add_command(cli_gradescope.emulate_command)

GROUPS = (pack, emulate, fill, push)

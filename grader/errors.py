"""The faults that are ours or the user's, never the submission's.

A fault of a submission is an observation (`grader.model`); it is judged and marked.
What is raised from here ends the grading without a score, and the class carries the
exit status that the command line returns::

    GraderError                 3   the grader could not do its work
    ├── UsageError              2   the command line, the rubric or a mapping is unusable
    │   └── RubricError         2   names the file, the line and the key
    ├── UnreadableError         2   the submission cannot be read, or holds nothing to grade
    ├── SandboxError            3   a template or child process failed through no fault of the submission
    │   ├── IsolationError      3   less isolation than asked for; says what would help
    │   └── DeviceError         3   the device asked for is not there
    └── BankError               3   the case bank cannot be built or read
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BankError",
    "DeviceError",
    "GraderError",
    "IsolationError",
    "RubricError",
    "SandboxError",
    "UnreadableError",
    "UsageError",
]


class GraderError(Exception):
    """The grader could not do its work: no score, never a zero."""

    exit_status: ClassVar[int] = 3


class UsageError(GraderError):
    """What the user asked for cannot be done as asked: says where and what to do next."""

    exit_status: ClassVar[int] = 2


class RubricError(UsageError):
    """A rubric is refused: the message names the file, the line and the key."""


class UnreadableError(GraderError):
    """A submission cannot be read, or holds nothing to grade."""

    exit_status: ClassVar[int] = 2


class SandboxError(GraderError):
    """A process of ours failed: nothing can be concluded about the submission."""


class IsolationError(SandboxError):
    """The isolation asked for is not to be had here: says which probe failed and what would help."""


class DeviceError(SandboxError):
    """The device asked for is not there."""


class BankError(GraderError):
    """The case bank cannot be built, or one given by the user cannot be read."""

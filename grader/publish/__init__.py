"""Results as learning platforms and CI services read them: one pure adapter for each.

An adapter takes a `Report` and gives text: the same text for the same report, cut down to what a student may see, with
every mark in it and no more bytes than the platform takes. It never turns "not graded" into a mark.
"""

from __future__ import annotations

from importlib import resources

__all__ = ["schema_text"]


def schema_text(platform: str) -> str:
    """Read the JSON Schema (draft 2020-12) of what we write for "coderunner", "gradescope" or "prairielearn"."""
    return resources.files("grader.publish").joinpath("schemas", f"{platform}.json").read_text("utf-8")

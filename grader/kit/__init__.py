"""The student kit: what a teacher hands out, with a self-check in which there is no solution."""

from grader.kit.build import build_kit

__all__ = ["build_kit"]

"""Judging: what a subject's answers are worth, check by check."""

from grader.judge.check import judge_check
from grader.judge.findings import Finding
from grader.judge.policy import DEFAULT_POLICY

__all__ = ["DEFAULT_POLICY", "Finding", "judge_check"]

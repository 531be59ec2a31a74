"""Judging the exercise as it was handed out: a script without functions, run on data of the grader's choosing."""

from grader.judge.flat.judge import FlatJudge, FlatResult, judge_flat

__all__ = ["FlatJudge", "FlatResult", "judge_flat"]

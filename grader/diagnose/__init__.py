"""Diagnosis: which known mistakes, as runnable recurrences, give exactly the answers that a submission gave."""

from grader.diagnose.diagnoser import Diagnosed, Diagnoser

__all__ = ["Diagnosed", "Diagnoser"]

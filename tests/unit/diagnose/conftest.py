"""The fixtures that every test of diagnosis uses."""

from __future__ import annotations

from diagnose_kit import bank, codes, diagnosed, diagnoser, judged

__all__ = ["bank", "codes", "diagnosed", "diagnoser", "judged"]

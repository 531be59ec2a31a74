"""Exact marks as people see them: two decimals that add up and never tell a lie about passing."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from grader.result import Report

__all__ = ["hundredths", "points_text", "shown_machine_total", "shown_points", "shown_total"]


def shown_total(report: Report) -> Fraction | None:
    """Round the total to hundredths, but not up to a pass mark or full marks that it does not reach."""
    total = report.score
    if total is None:
        return None
    shown = Fraction(math.floor(total * 100 + Fraction(1, 2)), 100)
    lied = any(total < bound <= shown for bound in (report.pass_points, report.max_score))
    return Fraction(math.floor(total * 100), 100) if lied else shown


def shown_machine_total(report: Report) -> Fraction | None:
    """Round the total as it is without a person's hand, by the same rule."""
    return shown_total(replace(report, score=report.machine_score, overrides=()))


def shown_points(report: Report) -> tuple[Fraction, ...]:
    """Round the points of each check to hundredths that add up to the shown total: largest remainders go up."""
    cents = [math.floor(check.points * 100) for check in report.checks]
    total = shown_total(report)
    if total is not None:
        remainders = [check.points * 100 - floor for check, floor in zip(report.checks, cents, strict=True)]
        spare = int(total * 100) - sum(cents)

        def rank(index: int) -> tuple[bool, Fraction]:
            check = report.checks[index]
            return (cents[index] + 1 >= check.max_points * 100, -remainders[index])

        rounded_up = sorted((i for i, rest in enumerate(remainders) if rest), key=rank)[: max(spare, 0)]
        for index in rounded_up:
            cents[index] += 1
    return tuple(Fraction(cent, 100) for cent in cents)


def hundredths(points: Fraction) -> Fraction:
    """Round to hundredths."""
    return Fraction(round(points * 100), 100)


def points_text(points: Fraction) -> str:
    """Write hundredths as people do.

    >>> points_text(Fraction(83)), points_text(Fraction(35, 3)), points_text(Fraction(1, 2))
    ('83', '11.67', '0.50')
    """
    return str(points.numerator) if points.denominator == 1 else f"{float(points):.2f}"

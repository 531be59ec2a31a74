"""Axes: from values to px, and the round numbers that stand beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Axis", "Frame", "ticks"]

_FAR = 20000.0


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` on px from `start` to `end`; with `log` by their powers of ten."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Where `value` stands, never absurdly far outside."""
        low, high, here = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        px = self.start + (here - low) / (high - low) * (self.end - self.start)
        return min(max(px, -_FAR), _FAR)

    @property
    def marks(self) -> tuple[tuple[float, str], ...]:
        """Round numbers within, and where they stand."""
        if not self.log:
            return tuple((self.at(value), f"{value:g}") for value in ticks(self.low, self.high))
        powers = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
        return tuple((self.at(10.0**n), f"{10.0**n:g}") for n in powers[:: math.ceil(len(powers) / 6) or 1])


@dataclass(frozen=True)
class Frame:
    """Two axes around a plot, in a picture of `width` times `height` px."""

    width: float
    height: float
    x: Axis
    y: Axis

    @classmethod
    def around(
        cls,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        size: tuple[float, float] = (460.0, 330.0),
        log: bool = False,
    ) -> Frame:
        """Axes for the ranges `x` and `y` in a picture of `size` px; `log` is for y."""
        width, height = size
        return cls(width, height, Axis(*x, 62.0, width - 14), Axis(*y, height - 48, 12.0, log))


def ticks(low: float, high: float, about: int = 5) -> tuple[float, ...]:
    """Round numbers (1, 2, 2.5 or 5 times a power of ten apart) from `low` to `high`.

    >>> ticks(0, 1000), ticks(-0.31, 0.94, 4)
    ((0.0, 200.0, 400.0, 600.0, 800.0, 1000.0), (0.0, 0.5))
    """
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(n * step, 12) for n in range(first, last + 1))

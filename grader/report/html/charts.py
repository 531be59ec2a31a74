"""The pictures of a training: its losses, and the way of the weights over the contours of the loss."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from contourpy import FillType, contour_generator
from markupsafe import Markup

from grader.report.html.axes import Frame
from grader.report.html.render import px
from grader.result import TrainingPath, Walk

__all__ = ["Curve", "Losses", "Ways", "draw_losses", "draw_ways"]

_GRID = 56
_LEVELS = 8
_ZOOMS = (1.0, 2.0, 4.0)

Matrix = tuple[tuple[float, ...], ...]
Bounds = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """A line as the `points` of a polyline, and where it begins and ends in px; None where there is no number."""

    points: Markup
    start: tuple[float, float] | None
    end: tuple[float, float] | None


@dataclass(frozen=True)
class Losses:
    """Loss against updates: yours and a right solution's; `rows` has the numbers (update, yours, right)."""

    frame: Frame
    yours: Curve
    right: Curve
    note: str
    rows: tuple[tuple[str, str, str], ...]

    @property
    def scale(self) -> str:
        """How the axis of the loss counts."""
        return "logarithmic" if self.frame.y.log else "linear"


@dataclass(frozen=True)
class Ways:
    """The weights over the loss: `bands` are regions of a loss below a level, the outermost first."""

    frame: Frame
    bands: tuple[Markup, ...]
    yours: Curve
    right: Curve
    note: str
    rows: tuple[tuple[str, tuple[str, str], tuple[str, str]], ...]


# ---------------------------------------------------------------------------- losses
def draw_losses(path: TrainingPath) -> Losses | None:
    """Draw both curves; None where a right solution has no loss to show."""
    right = _finite(path.right.losses)
    if not right:
        return None
    yours = _finite(path.yours.losses)
    top = max(*right, *(min(loss, 10 * max(right)) for loss in yours), 1e-12)
    floor = min((loss for loss in (*right, *yours) if loss > top * 1e-12), default=top)
    log = top > 20 * floor
    low = 10.0 ** math.floor(math.log10(floor)) if log else 0.0
    high = 10.0 ** math.ceil(math.log10(top) + 1e-9) if log else top * 1.05
    last = max(len(right), len(path.yours.losses), 2) - 1
    frame = Frame.around((0.0, last * 1.03), (low, high), log=log)
    return Losses(
        frame,
        _curve(frame, ((float(i), max(loss, low)) for i, loss in enumerate(yours))),
        _curve(frame, ((float(i), max(loss, low)) for i, loss in enumerate(right))),
        _note_on_losses(yours, path.yours.losses, high),
        tuple(
            (str(i), _number(path.yours.losses, i), _number(right, i))
            for i in _spread(max(len(path.yours.losses), len(right)))
        ),
    )


def _note_on_losses(finite: Sequence[float], losses: Sequence[float], high: float) -> str:
    if not losses:
        return "Your training gave no losses back."
    if len(finite) < len(losses):
        return f"From update {len(finite)} on your loss is no finite number."
    above = next((i for i, loss in enumerate(finite) if loss > high), None)
    return "" if above is None else f"From update {above} on your loss is above the picture."


def _finite(losses: Iterable[float]) -> list[float]:
    """The losses up to the first that is no finite number."""
    found: list[float] = []
    for loss in losses:
        if not math.isfinite(loss):
            break
        found.append(loss)
    return found


# ---------------------------------------------------------------------------- ways of the weights
def draw_ways(path: TrainingPath) -> Ways | None:
    """Draw both ways over the contours; None where a right solution has no weights to show."""
    right, yours = _places(path.right), _places(path.yours)
    if not right:
        return None
    bounds = _bounds(right, yours)
    frame = Frame.around(*bounds)
    return Ways(
        frame,
        _bands(path.X, path.T, bounds),
        _curve(frame, yours),
        _curve(frame, right),
        _note_on_way(path, yours, bounds),
        tuple(
            (str(path.steps[i]), _weights(path.yours, i), _weights(path.right, i))
            for i in _spread(min(len(path.steps), max(len(path.yours.weights), len(right))))
        ),
    )


def _places(walk: Walk) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for wxs, wrec in walk.weights:
        if not (math.isfinite(wxs) and math.isfinite(wrec)):
            break
        found.append((wxs, wrec))
    return found


def _bounds(right: Sequence[tuple[float, float]], yours: Sequence[tuple[float, float]]) -> Bounds:
    """The square around the right way, or the smallest zoom of it that holds yours: few views, drawn once each."""
    lows, highs = np.min(right, axis=0), np.max(right, axis=0)
    middle = (lows + highs) / 2
    half = max(float((highs - lows).max()) * 0.8, 0.6)
    far = max((float(np.abs(np.subtract(place, middle)).max()) for place in yours), default=0.0)
    half *= next((zoom for zoom in _ZOOMS if far < half * zoom * 0.95), _ZOOMS[-1])
    (x0, y0), (x1, y1) = np.round(middle - half, 3), np.round(middle + half, 3)
    return (float(x0), float(x1)), (float(y0), float(y1))


def _note_on_way(path: TrainingPath, yours: Sequence[tuple[float, float]], bounds: Bounds) -> str:
    if not yours:
        return "Your training gave no weights back that could be drawn."
    for step, place in zip(path.steps, yours, strict=False):
        if not all(low <= value <= high for value, (low, high) in zip(place, bounds, strict=True)):
            return f"Your weights leave the picture by update {step}."
    if len(yours) < len(path.yours.weights):
        return f"From update {path.steps[len(yours)]} on your weights are no finite numbers."
    return ""


@lru_cache(maxsize=64)
def _bands(X: Matrix, T: Matrix, bounds: Bounds) -> tuple[Markup, ...]:
    """Paths of the regions where log10 of the loss is below equally spaced levels."""
    frame = Frame.around(*bounds)
    wxs, wrec = (np.linspace(low, high, _GRID) for low, high in bounds)
    heights = np.log10(_loss(X, T, *np.meshgrid(wxs, wrec)) + 1e-6)
    contours = contour_generator(wxs, wrec, heights, fill_type=FillType.OuterOffset)
    lowest, highest = float(heights.min()), float(heights.max())
    levels = np.linspace(lowest, highest, _LEVELS + 1)[1:-1] if highest > lowest else ()
    return tuple(_region(frame, *contours.filled(lowest - 1, level)) for level in reversed(levels))


def _loss(X: Matrix, T: Matrix, Wxs: np.ndarray, Wrec: np.ndarray) -> np.ndarray:
    """L = 1/2 * sum (t_k - y_k)^2 with y_k = ReLU(Wxs * x_k + Wrec * y_{k-1}), at each pair of weights."""
    Y: np.ndarray = np.zeros((*Wxs.shape, len(X[0])))
    loss = np.zeros(Wxs.shape)
    for x, t in zip(X, T, strict=True):
        Y = np.maximum(Wxs[..., None] * np.asarray(x) + Wrec[..., None] * Y, 0)
        loss += ((np.asarray(t) - Y) ** 2).sum(axis=-1) / 2
    return loss


def _region(frame: Frame, polygons: Sequence[np.ndarray], offsets: Sequence[np.ndarray]) -> Markup:
    """Polygons and the holes in them as the `d` of a path, filled by the even-odd rule."""
    rings = [
        polygon[start:end]
        for polygon, starts in zip(polygons, offsets, strict=True)
        for start, end in pairwise(starts.tolist())
    ]
    return Markup("").join(f"M{_points(frame, ring[:-1].tolist())}Z" for ring in rings)


# ---------------------------------------------------------------------------- lines
def _curve(frame: Frame, places: Iterable[Sequence[float]]) -> Curve:
    known = [(frame.x.at(x), frame.y.at(y)) for x, y in places]
    if not known:
        return Curve(Markup(), None, None)
    apart = [known[0]]
    for place in known[1:]:
        if math.dist(place, apart[-1]) >= 1.5:
            apart.append(place)
    points = Markup(" ").join(f"{px(x)},{px(y)}" for x, y in [*apart, known[-1]])
    return Curve(points, known[0], known[-1])


def _points(frame: Frame, ring: Iterable[Sequence[float]]) -> str:
    return " ".join(f"{px(frame.x.at(x))} {px(frame.y.at(y))}" for x, y in ring)


def _spread(count: int, most: int = 11) -> list[int]:
    """At most `most` of `count` indices, evenly spread, first and last among them."""
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)}) if count else []


def _number(values: Sequence[float], i: int) -> str:
    return f"{values[i]:.6g}" if i < len(values) else "none"


def _weights(walk: Walk, i: int) -> tuple[str, str]:
    if i >= len(walk.weights):
        return "none", "none"
    wxs, wrec = walk.weights[i]
    return f"{wxs:.6g}", f"{wrec:.6g}"

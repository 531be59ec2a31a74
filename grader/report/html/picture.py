"""A strip of lanes as the network unrolled in time: where each box and arrow of the picture stands."""

from __future__ import annotations

from dataclasses import dataclass

from grader.report.html.lanes import Lane, Strip

__all__ = ["Arrow", "Box", "Label", "Picture", "draw"]

_HEAD = 24.0  # px, for the numbers of the steps
_CHAR = 7.4
_LINE = 19
_PAD = 12


@dataclass(frozen=True)
class Label:
    """Words at a place; `side` is where they are anchored."""

    x: float
    y: float
    text: str
    kind: str = "lane"


@dataclass(frozen=True)
class Box:
    """A value: right, and below it yours where it differs; `departs` marks the first that does."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    right: str
    yours: str | None
    departs: bool


@dataclass(frozen=True)
class Arrow:
    """A curve from one box to another, as the `d` of a path."""

    d: str


@dataclass(frozen=True)
class Picture:
    """One sequence (`title` says which) of a strip: sizes in px."""

    title: str
    description: str
    width: float
    height: float
    labels: tuple[Label, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(strip: Strip) -> tuple[Picture, ...]:
    """One picture for each sequence shown."""
    return tuple(_Drawing(strip, n).picture() for n in range(len(strip.sequences)))


class _Drawing:
    """Column widths and lane heights first, then what stands there."""

    def __init__(self, strip: Strip, sequence: int) -> None:
        self.strip = strip
        self.n = sequence
        self.network = bool(strip.index == "k" and strip.lane("S") and strip.lane("Y") and strip.lane("X"))
        right = [len(row[sequence]) for lane in strip.lanes for row in lane.right]
        yours = [len(row[sequence]) + len("≠ ") for lane in strip.lanes for row in lane.yours or ()]
        self.box = max(72.0 if self.network else 46.0, max(right + yours) * _CHAR + 22)
        self.left = max(len(lane.heading) for lane in strip.lanes) * _CHAR + 18
        self.gap = 46.0 if self.network else 10.0
        self.tops: dict[str, float] = {}
        self.heights: dict[str, float] = {}
        top = _HEAD if strip.index else 2.0
        for lane in strip.lanes:
            two = any(lane.differs(k, sequence) for k in range(strip.steps))
            self.tops[lane.name], self.heights[lane.name] = top, _PAD + _LINE * (2 if two else 1)
            top += self.heights[lane.name] + (20 if self.network and lane.name in {"X", "S"} else 8)
        self.bottom = top

    def picture(self) -> Picture:
        strip = self.strip
        several = len(strip.sequences) > 1
        title = f"Sequence {strip.sequences[self.n] + 1}" if several else ""
        boxes = [self._box_of(lane, k) for lane in strip.lanes for k in range(strip.steps)]
        return Picture(
            title,
            self._description(),
            self.left + strip.steps * self.box + (strip.steps - 1) * self.gap + 3,
            self.bottom - 6,
            (*self._labels(), *(self._formulas() if self.network else ())),
            tuple(boxes),
            tuple(self._arrows() if self.network else ()),
        )

    def _left(self, k: int) -> float:
        return self.left + k * (self.box + self.gap)

    def _box_of(self, lane: Lane, k: int) -> Box:
        right = lane.right[k][self.n]
        yours = lane.yours[k][self.n] if lane.yours and lane.differs(k, self.n) else None
        kind = {"X": "bit-on" if right == "1" else "bit", "S": "node", "Y": "node"}.get(lane.name, "plain")
        at = self.strip.departs
        departs = at is not None and (at.lane, at.step, at.sequence) == (lane.name, k, self.n)
        return Box(self._left(k), self.tops[lane.name], self.box, self.heights[lane.name], kind, right, yours, departs)

    def _labels(self) -> list[Label]:
        strip = self.strip
        steps = [
            Label(self._left(k) + self.box / 2, 14, f"{strip.index} = {strip.first + k}", "step")
            for k in range(strip.steps)
            if strip.index
        ]
        lanes = [
            Label(self.left - 12, self.tops[lane.name] + self.heights[lane.name] / 2, lane.heading)
            for lane in strip.lanes
        ]
        return steps + lanes

    def _formulas(self) -> list[Label]:
        """What an arrow does to a value, said once for each kind of arrow."""
        middle = self._left(0) + self.box / 2 + 6
        found = [
            Label(middle, self.tops["S"] - 7, "Wxs", "formula"),
            Label(middle, self.tops["Y"] - 7, "ReLU", "formula"),
        ]
        if self.strip.steps > 1:
            beside = self.tops["S"] + self.heights["S"] / 2 - 8  # above the arrow's end
            found.append(Label(self._left(1) - self.gap + 4, beside, "Wrec", "formula"))
        return found

    def _arrows(self) -> list[Arrow]:
        found = []
        s, y = self.tops["S"], self.tops["Y"]
        for k in range(self.strip.steps):
            middle = self._left(k) + self.box / 2
            found += [_line(middle, self.tops["X"] + self.heights["X"], s), _line(middle, s + self.heights["S"], y)]
            if k:
                start, end = self._left(k - 1) + self.box, self._left(k)
                found.append(_curve((start, y + self.heights["Y"] / 2), (end - 3, s + self.heights["S"] / 2)))
        return found

    def _description(self) -> str:
        at = self.strip.departs
        if at is None or at.sequence != self.n:
            return f"{self._without_departure()} The table below holds the same numbers."
        lane = self.strip.lane(at.lane)
        assert lane is not None
        assert lane.yours is not None
        place = f"{self.strip.index} = {self.strip.first + at.step}" if self.strip.index else "the first place"
        return (
            f"{lane.heading} departs first at {place}: expected {lane.right[at.step][self.n]}, "
            f"yours {lane.yours[at.step][self.n]}. The table below holds the same numbers."
        )

    def _without_departure(self) -> str:
        lanes = self.strip.lanes
        if any(lane.differs(k, self.n) for lane in lanes for k in range(self.strip.steps)):
            return "Values differ here as well."
        if any(lane.yours for lane in lanes):
            return "Nothing differs here."
        return "The right values alone: the answer below says what differs."


def _curve(start: tuple[float, float], end: tuple[float, float]) -> Arrow:
    (x0, y0), (x1, y1) = start, end
    bend = (x0 + x1) / 2
    return Arrow(f"M{x0:.1f} {y0:.1f}C{bend:.1f} {y0:.1f} {bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")


def _line(x: float, top: float, bottom: float) -> Arrow:
    return Arrow(f"M{x:.1f} {top:.1f}V{bottom - 3:.1f}")

"""The two weights: the one that multiplies inputs, and the one that multiplies earlier outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from .trace import Sum, Trace
from .values import Value

__all__ = ["find_weights"]


def _pairs(value: Value) -> Iterator[tuple[Value, Value]]:
    """A product's operands, in both orders."""
    if value.product is not None:
        left, right = value.product
        yield left, right
        yield right, left


def _name(value: Value, updated: frozenset[str]) -> str | None:
    """What a factor is called: the name in its chain that is updated, else the nearest."""
    return next((name for name in value.chain if name in updated), value.chain[0] if value.chain else None)


def _readings(event: Sum, updated: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """Ways to read a sum as Wxs x + Wrec y: both names, and how much speaks for it.

    Told by the first round of the training loop: there the weights hold nothing that the inputs went into, and y was
    made of both.
    """
    for first, second in ((event.left, event.right), (event.right, event.left)):
        for weight, inputs in _pairs(first):
            u = _name(weight, updated)
            origin = inputs.chain[-1] if inputs.chain else None
            if u is None or inputs.number or u in inputs.deps or not (inputs.deps or inputs.part):
                continue
            for other, outputs in _pairs(second):
                v = _name(other, updated)
                if v is None or v == u or u not in outputs.deps or v in inputs.deps:
                    continue
                if origin is not None and (origin in weight.deps or origin in other.deps or origin == v):
                    continue
                if origin is not None and origin not in outputs.deps:
                    continue
                score = 2 * (u in updated) + 2 * (v in updated) - 2 * (origin in updated) + inputs.part - weight.part
                yield u, v, score


def find_weights(trace: Trace, known: Mapping[str, str]) -> dict[str, str]:
    """Return "Wxs" and "Wrec" -> names; empty where the forward pass does not tell them, or tells two ways."""
    changes = [
        event
        for event in trace.stored
        if event.how in {"update", "in place"} and len(event.value.deps | event.change.deps) > 1
    ]
    updated = frozenset(event.name for event in changes if event.place.loops) or frozenset(e.name for e in changes)
    best: Counter[tuple[str, str]] = Counter()
    for event in trace.sums:
        for u, v, score in _readings(event, updated):
            best[u, v] = max(best[u, v], score)
    wxs, wrec = known.get("Wxs"), known.get("Wrec")
    pairs = [p for p in best if (wxs is None or p[0] == wxs) and (wrec is None or p[1] == wrec) and best[p] > 0]
    if not pairs:
        return {}
    top = max(best[pair] for pair in pairs)
    leading = [pair for pair in pairs if best[pair] == top]
    return dict(zip(("Wxs", "Wrec"), leading[0], strict=True)) if len(leading) == 1 else {}

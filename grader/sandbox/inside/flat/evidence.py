"""What speaks for which name in which role, once the weights and the training loop are known."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from .names import OWN, by_variant
from .trace import Place, Stored, Trace
from .values import ACTIVATED, FED, PRE, RECURRENT, ROUNDED, Value

__all__ = ["Evidence"]

_PLAIN = frozenset({"fresh", "update"})
_SUMS = frozenset({FED, PRE, RECURRENT})


class Evidence:
    """Answers for each role which names could play it: none, one, or several that nothing tells apart."""

    def __init__(self, trace: Trace, loop: ast.For | ast.While | None, weights: Mapping[str, str]) -> None:
        self._trace = trace
        self._loop = loop
        self._weights = weights
        self._names = frozenset(weights.values())
        places = [e.place for e in trace.stored] + [e.place for e in trace.products]
        self._end = max((place.moment for place in places if self._inside(place)), default=-1)
        updates = [e for e in trace.stored if e.name in self._names and e.how != "fresh"]
        trained = [e for e in updates if self._inside(e.place)] or updates
        self._trained_on = frozenset().union(*(e.change.deps | e.value.deps for e in trained))

    # ---- where
    def _inside(self, place: Place) -> bool:
        return any(each is self._loop for each in place.loops)

    def _after(self, place: Place) -> bool:
        return place.moment > self._end and not self._inside(place)

    def _level(self, place: Place) -> int:
        """How many loops are around it: the training loop's body and top-level code are at 0."""
        for level, each in enumerate(place.loops):
            if each is self._loop:
                return len(place.loops) - level - 1
        return len(place.loops)

    def _stores(self, name: str, *, after: bool = False) -> list[Stored]:
        where = self._after if after else self._inside
        return [event for event in self._trace.stored if event.name == name and where(event.place)]

    def _is_matrix(self, name: str, *, after: bool = False) -> bool:
        """Whether a name holds all steps and not the one at hand: it is not bound anew in a loop over them."""
        return not any(e.how in _PLAIN and self._level(e.place) > 0 for e in self._stores(name, after=after))

    def is_changed(self, name: str) -> bool:
        """Whether the training loop changes what a name holds."""
        return bool(self._stores(name))

    # ---- roles
    def candidates(self, role: str, found: Mapping[str, str]) -> list[str]:  # noqa: PLR0911 -- a case for each role
        """Names that could play a role, given those found."""
        match role:
            case "X_train":
                return self._inputs(role, found.get("T_train"), frozenset())
            case "X_test":
                return self._inputs(role, None, frozenset({found.get("X_train", "")}))
            case "T_train":
                return self._targets(after=False, inputs=None)
            case "T_test":
                return self._targets(after=True, inputs=found.get("X_test"))
            case "Y":
                return self._outputs()
            case "S":
                return self._pre_activations(found.get("Y"))
            case "predictions":
                return self._predictions(found.get("X_test"))
            case "SeqL" | "NbSeq":
                return self._sizes(role, found.get("X_train"))
            case _:
                return []

    def contradicts(self, role: str, name: str, candidates: list[str]) -> bool:
        """Whether a name of the exercise's own does not play its role.

        It holds a row at a time, or is only copied, or the training loop leaves it alone.
        """
        match role:
            case "S" | "Y":
                return not self._is_matrix(name) or (bool(candidates) and not self._stores(name))
            case "T_train" | "X_train" | "X_test":
                return bool(candidates) and name not in candidates
            case _:
                return False

    def _weighed(self, weights: frozenset[str], *, after: bool) -> Iterator[Value]:
        """What is multiplied by one of these weights."""
        where = self._after if after else self._inside
        for event in self._trace.products:
            if where(event.place):
                for weight, other in ((event.left, event.right), (event.right, event.left)):
                    if weights & set(weight.chain[:2]) and not other.number:
                        yield other

    def _fed(self, *, after: bool) -> list[Value]:
        """What the first weight is fed with (any weight, if nothing), in the loop or after it, else elsewhere."""
        first = frozenset({self._weights.get("Wxs", "")})
        for weights in (first, self._names):
            for where in (after, not after):
                others = [v for v in self._weighed(weights, after=where) if v.chain and self._is_free(v)]
                if not after:
                    others = [v for v in others if v.chain[-1] in self._trained_on]
                elif not where:
                    others = [v for v in others if v.chain[-1] not in self._trained_on]
                if others:
                    return others
        return []

    def _is_free(self, value: Value) -> bool:
        """Whether no weight ever went into what this is a copy of: earlier outputs are free of them at first."""
        held = (self._trace.final[name] for name in value.chain if name in self._trace.final)
        return not any(each.deps & self._names for each in (value, *held))

    def _inputs(self, role: str, targets: str | None, others: frozenset[str]) -> list[str]:
        """Of the names that the inputs are copies of: one that the targets were made of too, the usual first."""
        made_of = self._trace.final[targets].deps if targets in self._trace.final else frozenset[str]()
        found: dict[str, None] = {}
        for value in self._fed(after=role == "X_test"):
            known = [name for name in (*value.chain, *sorted(value.deps)) if name in made_of]
            names = [name for name in value.chain if name in made_of] or list(value.chain)
            if OWN[role] in (known or value.deps):
                names = [OWN[role]]
            usual = next(iter(by_variant(role, names)), None)
            name = usual if usual is not None else names[-1]
            if not others & set(value.chain):
                found[name] = None
        return list(found)

    def _errors(self, *, after: bool) -> Iterator[tuple[Value, Value]]:
        """What stands on both sides of a difference: outputs and something that the weights did not go into."""
        where = self._after if after else self._inside
        for event in self._trace.differences:
            if where(event.place):
                for outputs, targets in ((event.left, event.right), (event.right, event.left)):
                    if outputs.deps & self._names and not targets.deps & self._names and not targets.number:
                        yield outputs, targets

    def _targets(self, *, after: bool, inputs: str | None) -> list[str]:
        role = "T_test" if after else "T_train"
        errors = sorted(self._errors(after=after), key=lambda pair: pair[0].kind != ACTIVATED)
        if errors and errors[0][0].kind == ACTIVATED:
            errors = [pair for pair in errors if pair[0].kind == ACTIVATED]
        found: dict[str, None] = {}
        fed = {name for value in self._fed(after=after) for name in value.chain}
        for _, targets in errors:
            names = [n for n in targets.alias if self._is_matrix(n, after=after) and n not in fed]
            names = [name for name in names if (name in self._trained_on) is not after]
            usual = [OWN[role], *by_variant(role, names)]
            best = next((name for name in usual if name in names), names[0] if names else None)
            if best is not None:
                found[best] = None
        if found or not after or inputs is None:
            return list(found)
        final = self._trace.final
        return [
            name
            for name, value in final.items()
            if inputs in value.deps and not value.deps & self._names and value.chain == (name,) and name != inputs
            and not value.number and self._is_matrix(name, after=True)
        ]  # fmt: skip

    def _first_matrix(self, names: Iterable[str]) -> str | None:
        for name in names:
            stores = self._stores(name)
            if stores and self._is_matrix(name) and any(e.value.deps & self._names for e in stores):
                return name
        return None

    def _outputs(self) -> list[str]:
        compared = [outputs for outputs, _ in self._errors(after=False)]
        recurrent = list(self._weighed(self._names, after=False))
        for kind in (ACTIVATED, PRE):  # without an activation, outputs are sums
            for values in (compared, recurrent):
                names = [self._first_matrix(value.chain) for value in values if value.kind == kind]
                found = list(dict.fromkeys(name for name in names if name is not None))
                if found:
                    return found
        derivative = self.helpers().get("relu_derivative")
        kept = [e for e in self._trace.stored if self._inside(e.place) and e.value.kind == ACTIVATED]
        made = [e for e in kept if derivative is None or e.value.made_by != derivative]
        return list(dict.fromkeys(e.name for e in made if self._first_matrix([e.name])))

    def _pre_activations(self, outputs: str | None) -> list[str]:
        for kind in (PRE, FED):
            events = [e for e in self._trace.stored if self._inside(e.place) and e.value.kind == kind]
            names = dict.fromkeys(e.name for e in events if e.name != outputs)
            found = [name for name in names if self._first_matrix([name]) and name not in self._names]
            if found:
                return found
        return []

    def _predictions(self, inputs: str | None) -> list[str]:
        """What was last made of the test data: the counts, where all outputs were rounded to them."""
        made = [
            event
            for event in self._trace.stored
            if self._after(event.place)
            and (inputs is None or inputs in event.value.deps)
            and self._is_matrix(event.name, after=True)
        ]
        counts = [event for event in made if event.value.kind == ROUNDED and not event.value.part]
        of_kind = [[event for event in made if event.value.kind == kind] for kind in (ACTIVATED, ROUNDED, PRE)]
        found = next((events for events in (counts, *of_kind) if events), [])
        return [event.name for event in found[-1:]]

    def rows(self, inputs: str | None) -> tuple[str, tuple[ast.stmt, ...]]:
        """Outputs of the test phase that are kept a row at a time: their name, and the statements that give it one."""
        made = [
            event
            for event in self._trace.stored
            if self._after(event.place)
            and event.value.kind == ACTIVATED
            and event.how in _PLAIN
            and inputs is not None
            and inputs in event.value.deps
            and event.place.statement is not None
        ]
        in_loops = [event for event in made if self._level(event.place) > 0]
        if not in_loops:
            return "", ()
        name = in_loops[-1].name
        found = {id(e.place.statement): e.place.statement for e in made if e.name == name and e.place.statement}
        return name, tuple(found.values())

    def _sizes(self, role: str, inputs: str | None) -> list[str]:
        value = self._trace.final.get(inputs or "")
        if value is None or len(value.sizes) != 2:
            return []
        steps, sequences = value.sizes
        over = {name for name, place in self._trace.loop_sizes if self._inside(place)}
        if sequences in over and steps not in over:
            steps, sequences = sequences, steps
        chosen = steps if role == "SeqL" else sequences
        return [chosen] if chosen else []

    def helpers(self) -> dict[str, str]:
        """The script's ReLU and its derivative, by what becomes of what they return."""
        applied = [e for e in self._trace.applied if len(e.arguments) == 1 and self._inside(e.place)]
        on_sums = {e.function for e in applied if e.arguments[0].kind in _SUMS}
        on_states = on_sums | {e.function for e in applied if e.arguments[0].kind == ACTIVATED}
        fed_back = {value.made_by for value in self._fed_back()} & on_sums
        operands = [v for e in self._trace.products if self._inside(e.place) for v in (e.left, e.right)]
        found: dict[str, str] = {}
        kept = {
            e.value.made_by for e in self._trace.stored if self._inside(e.place) and e.name in self._outputs_by_error()
        }
        activations = (fed_back & kept) or fed_back or (kept & on_sums)
        if len(activations) == 1:
            (found["relu"],) = activations
            factors = {v.made_by for v in operands if v.made_by} & on_states - activations
            if len(factors) == 1:
                (found["relu_derivative"],) = factors
        return found

    def _fed_back(self) -> Iterator[Value]:
        """Factors of what is added to weighed inputs: the weight and earlier outputs."""
        for event in self._trace.sums:
            if self._inside(event.place):
                for left, right in ((event.left, event.right), (event.right, event.left)):
                    if left.kind in {FED, PRE} and right.kind == RECURRENT:
                        yield from right.product or ()

    def _outputs_by_error(self) -> frozenset[str]:
        return frozenset(name for outputs, _ in self._errors(after=False) for name in outputs.chain)

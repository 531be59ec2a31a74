"""What operators make of abstract values."""

from __future__ import annotations

import ast
from dataclasses import replace

from .trace import Difference, Place, Product, Sum, Trace
from .values import ACTIVATED, FED, PRE, RECURRENT, Value, mixed

__all__ = ["Arithmetic", "factors"]

_MAX_LITERALS = 8


def _few(literals: tuple[ast.expr, ...]) -> tuple[ast.expr, ...]:
    return tuple({id(node): node for node in literals}.values())[:_MAX_LITERALS]


def factors(value: Value) -> tuple[str, ...]:
    """Names of the numbers that a value is a multiple of: its own, if it is a number with a name."""
    return value.chain[:1] if value.number and value.chain else value.scale


class Arithmetic:
    """Operators and library functions on abstract values; sums, differences and products are recorded.

    `weights`: the names of the weights, where they are known: with them pre-activations are told from other sums.
    """

    def __init__(self, trace: Trace, weights: frozenset[str]) -> None:
        self.trace = trace
        self.weights = weights

    def _product_kind(self, left: Value, right: Value) -> str:
        for weight, other in ((left, right), (right, left)):
            if not self.weights.isdisjoint(weight.chain[:2]) and not other.number:
                if self.weights.isdisjoint(other.deps):
                    return FED if other.deps else ""
                if other.kind in {ACTIVATED, PRE, FED}:  # sums are outputs where there is no activation
                    return RECURRENT
            if weight.kind in {FED, PRE} and other.mask:
                return ACTIVATED
        return ""

    def multiply(self, left: Value, right: Value, place: Place) -> Value:
        """The product."""
        result = mixed([left, right])
        scale = [name for part in (left, right) for name in factors(part)]
        self.trace.products.append(Product(left.bare(), right.bare(), place))
        return replace(
            result,
            kind=self._product_kind(left, right),
            mask=left.mask and right.mask,
            product=(left.bare(), right.bare()),
            scale=tuple(dict.fromkeys(scale)),
            literals=_few(left.literals + right.literals),
        )

    def divide(self, left: Value, right: Value) -> Value:
        """The quotient."""
        return replace(mixed([left, right]), scale=factors(left), literals=left.literals)

    def add(self, left: Value, right: Value, place: Place) -> Value:
        """The sum."""
        self.trace.sums.append(Sum(left, right, place))
        kinds = {left.kind, right.kind}
        kind = PRE if PRE in kinds or {FED, RECURRENT} <= kinds else FED if FED in kinds else ""
        if RECURRENT in kinds and not kind and (left.number or right.number):
            kind = RECURRENT
        product = left.product or right.product
        return replace(mixed([left, right]), kind=kind, terms=(left.bare(), right.bare()), product=product)

    def subtract(self, left: Value, right: Value, place: Place) -> Value:
        """The difference."""
        self.trace.differences.append(Difference(left.bare(), right.bare(), place))
        kind = PRE if {left.kind, right.kind} <= {FED, RECURRENT, PRE} else ""
        return replace(mixed([left, right]), kind=kind, terms=(left.bare(), right.bare()))

    def operate(self, operator: ast.operator, left: Value, right: Value, place: Place) -> Value:
        """What a binary operator gives."""
        match operator:
            case ast.Mult() | ast.MatMult():
                return self.multiply(left, right, place)
            case ast.Div() | ast.FloorDiv():
                return self.divide(left, right)
            case ast.Add():
                return self.add(left, right, place)
            case ast.Sub():
                return self.subtract(left, right, place)
            case _:
                return mixed([left, right])

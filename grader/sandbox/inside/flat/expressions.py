"""What an expression makes of the values that go into it."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from .arithmetic import Arithmetic, factors
from .names import looks_like_rate
from .trace import Place
from .values import ACTIVATED, FED, NOTHING, NUMBER, PRE, RECURRENT, ROUNDED, Value, join, mixed

__all__ = ["VIEWS", "Expressions"]

VIEWS = frozenset(
    """
    T mT data real narrow view reshape t transpose detach squeeze unsqueeze expand expand_as flatten ravel
    contiguous select index_select unbind permute numpy from_numpy requires_grad_ view_as broadcast_to atleast_1d
    atleast_2d Variable swapaxes reversed
    """.split()  # noqa: SIM905 -- quoted, they would fill a page
)
_COPIES = frozenset(
    """
    clone copy deepcopy tensor as_tensor asarray array float double half int long item tolist cpu cuda to type
    astype list tuple stack vstack hstack cat concatenate FloatTensor Tensor DoubleTensor float32 float64 repeat
    tile row_stack Parameter squeeze_ flip
    """.split()  # noqa: SIM905 -- quoted, they would fill a page
)
_PRODUCTS = frozenset({"mul", "multiply", "dot", "matmul", "outer", "mm", "mv"})
_SUMS = {"add": ast.Add, "sub": ast.Sub, "subtract": ast.Sub, "mse_loss": ast.Sub, "div": ast.Div, "divide": ast.Div}
_ACTIVATIONS = frozenset(
    """
    relu relu_ clamp clamp_ clamp_min clamp_min_ maximum max fmax clip where threshold ReLU Relu reLU
    """.split()  # noqa: SIM905 -- quoted, they would fill a page
)
_ROUNDINGS = frozenset(["round", "round_", "rint", "around", "int", "long", "floor", "ceil", "trunc", "fix"])
_DRAWS = frozenset(
    """
    rand random randn randint bernoulli binomial choice zeros ones empty full random_sample uniform
    """.split()  # noqa: SIM905 -- quoted, they would fill a page
)
_PLAIN_SHAPES = frozenset({"rand", "randn", "zeros", "ones", "empty"})
_TENSORS = frozenset({"Tensor", "FloatTensor", "DoubleTensor", "IntTensor", "LongTensor", "ndarray"})
_SIZELESS = frozenset({"len", "range", "size", "dim", "numel", "shape"})
_FOLDS = frozenset({"accumulate", "reduce", "map"})
_APPENDS = frozenset({"append", "extend", "insert"})


class Expressions(Arithmetic):
    """Evaluates expressions; who inherits holds the names, calls the script's functions and writes to names."""

    @abstractmethod
    def here(self) -> Place:
        """Where the walk is."""

    @abstractmethod
    def step(self) -> None:
        """Count a step of the walk."""

    @abstractmethod
    def held(self, name: str) -> Value | None:
        """What a name holds; None if the script never bound it."""

    @abstractmethod
    def bind(self, target: ast.expr, value: Value, change: Value | None = None) -> None:
        """Assign a value to a target."""

    @abstractmethod
    def write(self, target: ast.expr, value: Value, change: Value, how: str) -> None:
        """Change what a target holds."""

    @abstractmethod
    def call(self, function: ast.FunctionDef | ast.Lambda, name: str, call: ast.Call, given: Sequence[Value]) -> Value:
        """Call a function of the script."""

    def value(self, node: ast.expr | None) -> Value:  # noqa: C901, PLR0911, PLR0912 -- one case for each kind of node
        """What an expression gives."""
        self.step()
        match node:
            case ast.Constant(value=value):
                return Value(number=True, literals=(node,)) if type(value) in {int, float} else NUMBER
            case ast.Name(id=name):
                return self.held(name) or NOTHING
            case ast.BinOp(left=left, op=operator, right=right):
                return self.operate(operator, self.value(left), self.value(right), self.here())
            case ast.UnaryOp(operand=operand):
                inner = self.value(operand)
                made = replace(inner, chain=(), alias=(), kind="", product=None, terms=None, items=None)
                return replace(made, scale=factors(inner))
            case ast.Compare(left=left, comparators=others):
                sides = [self.value(left), *map(self.value, others)]
                return replace(mixed(sides), mask=not all(side.number for side in sides))  # k > 0 masks nothing
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._either(self.value(test), self.value(body), self.value(orelse))
            case ast.Attribute(value=base, attr=attribute):
                return self._attribute(self.value(base), attribute, node)
            case ast.Subscript(value=base, slice=index):
                return self._item(self.value(base), index, node)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                items = tuple(self.value(part) for part in parts)
                literal = not isinstance(node, ast.Tuple)
                kind = next((item.kind for item in items if item.kind), "")
                several = len(items) > 1
                return replace(mixed(items), items=items, number=False, several=several, kind=kind if literal else "")
            case ast.Dict(values=parts):
                return replace(mixed([self.value(part) for part in parts]), several=True)
            case ast.Call():
                return self._call(node)
            case (
                ast.ListComp(elt=element, generators=generators) | ast.GeneratorExp(elt=element, generators=generators)
            ):
                return self._comprehension(element, generators)
            case ast.Lambda():
                return Value(function=node)
            case ast.NamedExpr(target=target, value=inside):
                named = self.value(inside)
                self.bind(target, named)
                return named
            case None:
                return NOTHING
            case _:
                return mixed([self.value(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)])

    def _either(self, test: Value, body: Value, orelse: Value) -> Value:
        result = join(body, orelse)
        if test.mask and (body.number or orelse.number) and _is_sum(body, orelse):
            return replace(result, kind=ACTIVATED, chain=(), alias=(), number=False)  # s if s > 0 else 0
        return replace(result, number=body.number and orelse.number)

    def _attribute(self, base: Value, attribute: str, node: ast.expr) -> Value:
        if attribute in VIEWS:
            return base.view()
        if attribute in _SIZELESS:
            return NUMBER
        if not base.kind and looks_like_rate(attribute):
            return Value(number=True, literals=(node,), deps=base.deps)
        return mixed([base])

    def _item(self, base: Value, index: ast.expr, node: ast.expr) -> Value:
        self.value(index)
        item = base.view(part=True)
        if base.items is not None and isinstance(index, ast.Constant) and type(index.value) is int:
            item = base.items[index.value] if -len(base.items) <= index.value < len(base.items) else NOTHING
        if base.several and base.chain and item.number and item.chain in {(), base.chain}:
            return Value(number=True, literals=(node,), deps=base.deps)
        return item

    def _comprehension(self, element: ast.expr, generators: Sequence[ast.comprehension]) -> Value:
        sizes: tuple[str, ...] = ()
        for _ in range(2):
            sizes = ()
            for generator in generators:
                iterable = self.value(generator.iter)
                sizes += iterable.sizes[:1] if iterable.number else ()
                self.bind(generator.target, self.element(generator.iter, iterable))
                for test in generator.ifs:
                    self.value(test)
            value = self.value(element)
        return replace(value.bare(), sizes=sizes + value.sizes, alias=(), number=False)

    def element(self, node: ast.expr, iterable: Value) -> Value:
        """What a loop over `iterable`, written as `node`, gives its target."""
        match node:
            case ast.Call(func=ast.Name(id="zip"), args=args):
                return Value(items=tuple(self.element(arg, self.value(arg)) for arg in args))
            case ast.Call(func=ast.Name(id="enumerate"), args=[arg, *_]):
                return Value(items=(NUMBER, self.element(arg, self.value(arg))))
            case ast.Call(func=ast.Name(id="range")):
                return NUMBER
            case _ if iterable.items:
                first, *others = iterable.items
                for other in others:
                    first = join(first, other)
                return first
            case _:
                return self.row(iterable)

    def _call(self, node: ast.Call) -> Value:
        given = [self.value(arg.value if isinstance(arg, ast.Starred) else arg) for arg in node.args]
        match node.func:
            case ast.Name(id=name):
                known = self.held(name)
                if known is not None and known.function is not None:
                    return self.call(known.function, name, node, given)
                return self._library(name, [*given, *self._keywords(node)])
            case ast.Attribute(value=base, attr=attribute):
                owner = self.value(base)
                module = isinstance(base, ast.Name) and self.held(base.id) is None
                if module or (isinstance(base, ast.Attribute) and owner == NOTHING):
                    return self._library(attribute, [*given, *self._keywords(node)], node.args)
                return self._method(node, base, owner, attribute, given)
            case _:
                self.value(node.func)
                return self._library(_last_name(node.func), [*given, *self._keywords(node)])

    def _keywords(self, node: ast.Call) -> list[Value]:
        return [self.value(keyword.value) for keyword in node.keywords]

    def _method(self, node: ast.Call, base: ast.expr, owner: Value, attribute: str, given: list[Value]) -> Value:
        keywords = {keyword.arg: self.value(keyword.value) for keyword in node.keywords}
        if attribute in _APPENDS:
            added = given[-1] if given else NOTHING
            self.write(base, join(owner, added.view(copied=True)), added, "element")
            return NOTHING
        if attribute in {"copy_", "fill_", "zero_", "set_", "fill"}:
            new = given[0] if given else NUMBER
            self.write(base, new, new, "in place")
            return replace(join(owner, new), number=False)
        if attribute.endswith("_") and attribute.rstrip("_") in {*_SUMS, *_PRODUCTS}:
            change = given[-1] if given else NOTHING
            for factor in [*given[:-1], *(value for name, value in keywords.items() if name == "alpha")]:
                change = self.multiply(factor, change, self.here())
            new = self._arithmetic(attribute.rstrip("_"), owner, change)
            self.write(base, new, change, "in place")
            return owner.view()
        return self._library(attribute, [owner, *given, *keywords.values()])

    def _arithmetic(self, name: str, left: Value, right: Value) -> Value:
        if name in _PRODUCTS:
            return self.multiply(left, right, self.here())
        return self.operate(_SUMS[name](), left, right, self.here())

    def _folded(self, name: str, given: Sequence[Value]) -> Value | None:
        """What `accumulate`, `reduce` or `map` makes of a function of the script; None where there is none."""
        function = next((value.function for value in given if value.function is not None), None)
        over = [value for value in given if value.function is None]
        if function is None or not over or name not in _FOLDS:
            return None
        call = ast.Call(ast.Name(name, ast.Load()), [], [])
        rows = [self.row(value) for value in over]
        if name == "map":
            return self.call(function, name, call, rows)
        result = over[-1] if len(over) > 1 else NOTHING
        for _ in range(2):
            result = self.call(function, name, call, [result, rows[0]])
        return replace(result, part=False)

    @staticmethod
    def row(iterable: Value) -> Value:
        """An item of something."""
        return NUMBER if iterable.number else iterable.view(part=True)

    def _library(self, name: str, given: Sequence[Value], nodes: Sequence[ast.expr] = ()) -> Value:
        """What a function that is not the script's gives: by its name, as a method's or a module's, it is the same."""
        folded = self._folded(name, given)
        return self._applied(name, given, nodes) if folded is None else folded

    def _applied(self, name: str, given: Sequence[Value], nodes: Sequence[ast.expr]) -> Value:  # noqa: PLR0911
        first = given[0] if given else NOTHING
        if name == "copyto" and nodes:
            self.write(nodes[0], given[-1], given[-1], "in place")
            return NOTHING
        if name in _ROUNDINGS and first.kind in {ACTIVATED, ROUNDED}:
            return Value(
                deps=first.deps, kind=ROUNDED, part=first.part or len(given) > 1
            )  # to some digits: to be shown
        if name in _ACTIVATIONS and _is_sum(*given):
            return replace(mixed(given), kind=ACTIVATED, number=False)
        if name in {*_PRODUCTS, *_SUMS} and len(given) >= 2:
            return self._arithmetic(name, first, given[1])
        if name in _DRAWS or (name in _TENSORS and first.number and not first.items):
            made = mixed(given)
            sizes = _sizes(given, plain=name in _PLAIN_SHAPES or name in _TENSORS)
            return replace(made, number=False, sizes=sizes or made.sizes)
        if name in _SIZELESS:
            bounds = [value.chain[0] if value.chain else "" for value in given if value.number]
            return Value(number=True, sizes=tuple(bounds[-1:])) if name == "range" and len(bounds) < 3 else NUMBER
        if name in VIEWS:
            return first.view()
        if name in _COPIES:
            if first.items and not first.number:
                return replace(_merged(first.items), items=None, alias=(), several=len(first.items) > 1)
            return first.view(copied=True)
        return mixed(given)


def _is_sum(*values: Value) -> bool:
    return any(value.kind in {FED, PRE, RECURRENT} for value in values)


def _merged(items: Sequence[Value]) -> Value:
    merged = items[0]
    for item in items[1:]:
        merged = join(merged, item)
    return merged


def _sizes(given: Sequence[Value], *, plain: bool) -> tuple[str, ...]:
    """Names that a shape was made of; "" for a number. `plain`: rand(5, 4), where others need randint(0, 2, (5, 4))."""
    shape = next((value.items for value in reversed(given) if value.items), given if plain else ())
    return tuple(value.chain[0] if value.chain else "" for value in shape if value.number)


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Call(func=function):
            return _last_name(function)
        case _:
            return ""

"""DynamoDB's expressions, as far as our services write them, compiled once for each text.

Conditions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/
Expressions.OperatorsAndFunctions.html
"""

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

Item = dict[str, Any]


class Scope(NamedTuple):
    """What an expression is worked out on: an item, and what stands for its ``#`` and ``:``."""

    item: Mapping[str, Any]
    names: Mapping[str, str]
    values: Mapping[str, Any]


Condition = Callable[[Scope], bool]
_Operand = Callable[[Scope], Any]

_TOKEN = re.compile(r"[#:]?\w+|<>|<=|>=|[=<>(),+-]")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@cache
def condition(text: str) -> Condition:
    """Whether an item meets ``text``. Raises ``NotImplementedError`` for what we never write."""
    parser = _Parser(text)
    parsed = parser.either()
    parser.end()
    return parsed


@cache
def update(text: str) -> Callable[[Scope], Item]:
    """The item after the update ``text`` of it."""
    parser = _Parser(text)
    steps: list[Callable[[Scope, Item], None]] = []
    while parser.left:
        clause = parser.take()
        if clause not in {"SET", "REMOVE", "ADD"}:
            raise NotImplementedError(text)
        steps.append(_step(parser, clause))
        while parser.took(","):
            steps.append(_step(parser, clause))

    def updated(scope: Scope) -> Item:
        item = dict(scope.item)
        for step in steps:
            step(scope, item)
        return item

    return updated


def _step(parser: "_Parser", clause: str) -> Callable[[Scope, Item], None]:
    name = parser.name()
    if clause == "REMOVE":
        return lambda scope, item: item.pop(name(scope), None) and None
    if clause == "SET":
        parser.expect("=")
        value = parser.operand()
        if parser.took("+"):
            return _assign(name, _sum(value, parser.operand()))
        return _assign(name, value)
    return _assign(name, _sum(_attribute(name), parser.operand()))


def _assign(name: Callable[[Scope], str], value: _Operand) -> Callable[[Scope, Item], None]:
    def assign(scope: Scope, item: Item) -> None:
        item[name(scope)] = value(scope)

    return assign


def _sum(one: _Operand, other: _Operand) -> _Operand:
    def added(scope: Scope) -> Any:
        numbers = (Decimal((part(scope) or {"N": "0"})["N"]) for part in (one, other))
        return {"N": format(sum(numbers), "f")}

    return added


def _attribute(name: Callable[[Scope], str]) -> _Operand:
    return lambda scope: scope.item.get(name(scope))


class _Parser:
    """Recursive descent, lowest precedence first: OR, AND, NOT, a comparison or function."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.left = _TOKEN.findall(text)

    def either(self) -> Condition:
        parts = [self._both()]
        while self.took("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda scope: any(it(scope) for it in parts)

    def _both(self) -> Condition:
        parts = [self._one()]
        while self.took("AND"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda scope: all(it(scope) for it in parts)

    def _one(self) -> Condition:
        if self.took("NOT"):
            negated = self._one()
            return lambda scope: not negated(scope)
        if self.took("("):
            inner = self.either()
            self.expect(")")
            return inner
        for function in ("attribute_exists", "attribute_not_exists", "begins_with"):
            if self.took(function):
                return self._function(function)
        return self._comparison()

    def _function(self, function: str) -> Condition:
        self.expect("(")
        name = self.name()
        if function == "begins_with":
            self.expect(",")
            start = self.operand()
            self.expect(")")
            return lambda scope: _text(scope.item.get(name(scope))).startswith(_text(start(scope)))
        self.expect(")")
        wanted = function == "attribute_exists"
        return lambda scope: (name(scope) in scope.item) is wanted

    def _comparison(self) -> Condition:
        left = self.operand()
        sign = self.take()
        if sign == "IN":
            self.expect("(")
            options = [self.operand()]
            while self.took(","):
                options.append(self.operand())
            self.expect(")")
            return lambda scope: any(_holds(operator.eq, left, it, scope) for it in options)
        if sign == "BETWEEN":
            least = self.operand()
            self.expect("AND")
            most = self.operand()
            return lambda scope: (
                _holds(operator.ge, left, least, scope) and _holds(operator.le, left, most, scope)
            )
        if sign not in _COMPARISONS:
            raise NotImplementedError(self._text)
        compare, right = _COMPARISONS[sign], self.operand()
        return lambda scope: _holds(compare, left, right, scope)

    def name(self) -> Callable[[Scope], str]:
        """The name of an attribute, as it is or by its alias."""
        token = self.take()
        return (lambda scope: scope.names[token]) if token[0] == "#" else (lambda _: token)

    def operand(self) -> _Operand:
        """A value that was given, or an attribute's; ``None`` if the item has none."""
        if self.left and self.left[0][0] == ":":
            token = self.take()
            return lambda scope: scope.values[token]
        return _attribute(self.name())

    def take(self) -> str:
        if not self.left:
            raise NotImplementedError(self._text)
        token: str = self.left.pop(0)
        return token

    def took(self, token: str) -> bool:
        if self.left and self.left[0] == token:
            del self.left[0]
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.took(token):
            raise NotImplementedError(self._text)

    def end(self) -> None:
        if self.left:
            raise NotImplementedError(self._text)


def _holds(
    compare: Callable[[Any, Any], bool], left: _Operand, right: _Operand, scope: Scope
) -> bool:
    one, other = left(scope), right(scope)
    if one is None or other is None or one.keys() != other.keys():
        # Values of different kinds are different, and in no order.
        return compare is operator.ne
    [kind] = one
    if kind == "N":
        return compare(Decimal(one["N"]), Decimal(other["N"]))
    return compare(one[kind], other[kind])


def _text(value: Any) -> str:
    return str(value["S"]) if value else ""

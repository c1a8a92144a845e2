"""What conditions ask of single columns: bounds, choices, patterns, lengths, NULL or not."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from random import Random

from msgspec import Struct, field

from instar.rows.evaluate import UNKNOWN, aligned, evaluate
from instar.rows.expression import Node

_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_LENGTHS = frozenset({"length", "char_length", "character_length", "octet_length", "cardinality", "array_length"})
_SHAPING = frozenset({"lower", "upper", "btrim", "trim", "ltrim", "rtrim"})


class Want(Struct):
    """What a column's value must be like. `null`: True it must be NULL, False it must not, None it may.

    `above` and `below` say that a bound itself is not allowed. `shape` is a function that leaves the value as it is
    ("lower"). `hints` are constants that conditions mention beside the column, and that may help.
    """

    null: bool | None = None
    low: object = None
    above: bool = False
    high: object = None
    below: bool = False
    choices: list[object] | None = None
    banned: list[object] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    likes: list[str] = field(default_factory=list)
    shortest: int = 0
    longest: int | None = None
    shape: str = ""
    hints: list[object] = field(default_factory=list)


class Relation(Struct, frozen=True):
    """A comparison of two columns of a row."""

    left: str
    operator: str
    right: str


class Wants(Struct):
    """What a row must be like, under one choice among each OR's branches.

    `equations` are columns with the expressions over other columns that they must be equal to.
    """

    columns: dict[str, Want] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    equations: list[tuple[str, Node]] = field(default_factory=list)

    def of(self, column: str) -> Want:
        """Return what is wanted of a column, to be changed."""
        return self.columns.setdefault(column, Want())


def gather(conditions: Sequence[Node], random: Random) -> Wants:
    """Collect what `conditions` ask for; of an OR, one branch is chosen at random."""
    found = Wants()
    for condition in conditions:
        for part in _parts(condition, random):
            _note(part, found)
    return found


def hints(conditions: Sequence[Node]) -> dict[str, list[object]]:
    """Return the constants that conditions mention beside each column."""
    found: dict[str, list[object]] = {}
    for condition in conditions:
        constants = condition.constants()
        for name in condition.columns():
            found.setdefault(name, []).extend(constants)
    return found


def _parts(node: Node, random: Random) -> Iterator[Node]:
    """Yield what must hold at the same time."""
    if node.word == "and":
        for item in node.args:
            yield from _parts(item, random)
    elif node.word == "or":
        if _choices(node) is not None:
            yield node
        else:
            yield from _parts(random.choice(node.args), random)
    elif node.word == "not":
        yield from _denied(node.args[0], random)
    elif node.word == "is" and node.value is True:
        yield from _parts(node.args[0], random)
    else:
        yield node


def _denied(node: Node, random: Random) -> Iterator[Node]:
    """Yield what must hold so that `node` does not."""
    if node.word == "or":
        for item in node.args:
            yield from _denied(item, random)
    elif node.word == "and":
        yield from _denied(random.choice(node.args), random)
    elif node.word == "not":
        yield from _parts(node.args[0], random)
    elif node.word in _OPPOSITE:
        yield Node(_OPPOSITE[node.word], None, node.args)
    elif node.word.startswith("not "):
        yield Node(node.word.removeprefix("not "), None, node.args)
    else:
        yield Node("not", None, (node,))


def _choices(node: Node) -> tuple[str, list[object]] | None:
    """Read an OR of equalities of one column with constants: an IN list."""
    column, values = "", []
    for item in node.args:
        if item.word != "=" or len(item.args) != 2:  # noqa: PLR2004 - both sides
            return None
        left, right = item.args
        value = _constant(right)
        if left.word != "column" or value is None or column not in {"", str(left.value)}:
            return None
        column = str(left.value)
        values.append(value)
    return (column, values) if column else None


def _constant(node: Node) -> object:
    """Return the value of what mentions no column, else None."""
    if node.columns():
        return None
    value = evaluate(node, {})
    return None if value is UNKNOWN else value


def _note(node: Node, found: Wants) -> None:
    if node.word == "or":
        chosen = _choices(node)
        if chosen:
            _choose(found.of(chosen[0]), chosen[1])
    elif node.word == "column":
        _choose(found.of(str(node.value)), [True])
    elif node.word == "is null" and node.args[0].word == "column":
        found.of(str(node.args[0].value)).null = True
    elif node.word == "not":
        _note_denied(node.args[0], found)
    elif node.word in _OPPOSITE:
        _compared(node, found)
    elif node.word in {"regex", "iregex", "like", "ilike"}:
        _matched(node, found)


def _note_denied(node: Node, found: Wants) -> None:
    if node.word == "is null" and node.args[0].word == "column":
        found.of(str(node.args[0].value)).null = False
    elif node.word == "column":
        _choose(found.of(str(node.value)), [False])


def _choose(want: Want, values: list[object]) -> None:
    want.null = False
    both = values if want.choices is None else [value for value in want.choices if value in values]
    want.choices = both or values


def _matched(node: Node, found: Wants) -> None:
    left, right = node.args
    pattern = _constant(right)
    if left.word != "column" or not isinstance(pattern, str):
        return
    want = found.of(str(left.value))
    want.null = False
    (want.patterns if "regex" in node.word else want.likes).append(pattern)


def _compared(node: Node, found: Wants) -> None:
    left, right = node.args
    operator = node.word
    if not left.columns():
        left, right, operator = right, left, _FLIPPED[operator]
    if left.word == "column" and right.word == "column":
        found.relations.append(Relation(str(left.value), operator, str(right.value)))
        return
    if operator == "=":
        sides = ((left, right), (right, left))
        found.equations += [(str(one.value), other) for one, other in sides if one.word == "column" and other.columns()]
    value = _constant(right)
    if value is None:
        return
    if left.word == "column":
        _bounded(found.of(str(left.value)), operator, value)
    elif left.word == "call" and left.args and left.args[0].word in {"column", "call"}:
        _called(left, operator, value, found)


def _called(call: Node, operator: str, value: object, found: Wants) -> None:
    inner = call.args[0]
    while inner.word == "call" and inner.args:
        inner = inner.args[0]
    if inner.word != "column":
        return
    want = found.of(str(inner.value))
    name = str(call.value)
    if name in _LENGTHS and isinstance(value, int | Decimal):
        _long(want, operator, int(value))
    elif name in _SHAPING and operator == "<>":
        want.banned.append(value)
        want.shortest = max(want.shortest, 1)
    elif name in _SHAPING and operator == "=":
        _choose(want, [value])


def _long(want: Want, operator: str, value: int) -> None:
    want.null = False
    if operator in {">", ">=", "="}:
        want.shortest = max(want.shortest, value + (operator == ">"))
    if operator in {"<", "<=", "="}:
        most = value - (operator == "<")
        want.longest = most if want.longest is None else min(want.longest, most)
    if operator == "<>" and value == 0:
        want.shortest = max(want.shortest, 1)


def _bounded(want: Want, operator: str, value: object) -> None:
    if operator == "=":
        _choose(want, [value])
    elif operator == "<>":
        want.banned.append(value)
        if value == "":
            want.shortest = max(want.shortest, 1)
    elif operator in {">", ">="}:
        if want.low is None or _less(want.low, value):
            want.low, want.above = value, operator == ">"
    elif want.high is None or _less(value, want.high):
        want.high, want.below = value, operator == "<"


def _less(first: object, second: object) -> bool:
    left, right = aligned(first, second)
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return left < right
    if isinstance(left, date | datetime) and isinstance(right, date | datetime) and type(left) is type(right):
        return left < right
    return isinstance(left, str) and isinstance(right, str) and left < right

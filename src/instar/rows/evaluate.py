"""Conditions evaluated for a row that is not yet in the database: true, false, NULL, or not known.

What is not known is for the server to say: a function of the users' own, an operator on JSON.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from instar.rows.expression import Node, cast

Row = Mapping[str, object]


class _Unknown:
    """The value that only the server knows."""


UNKNOWN: Final = _Unknown()
NOW: Final = datetime(2025, 6, 1, 12)  # noqa: DTZ001 - later than all made times, the same at every run
"""What now() is taken for."""


def refuses(condition: Node, row: Row) -> bool:
    """Whether a row breaks a CHECK for certain: NULL passes, and what is not known does."""
    value = evaluate(condition, row)
    return value is False or (isinstance(value, int) and value == 0)


def evaluate(node: Node, row: Row) -> object:
    """Return the value of `node`: None for NULL, UNKNOWN where it cannot be told.

    Columns that `row` lacks are not known.
    """
    made = _SPECIAL.get(node.word)
    if made is not None:
        return made(node, row)
    values = [evaluate(item, row) for item in node.args]
    if node.word in {"unknown", "row", "array"} or any(value is UNKNOWN for value in values):
        return UNKNOWN
    if node.word == "call":
        return _call(str(node.value), values)
    return None if None in values else _simple(node.word, values)


def _simple(word: str, values: list[object]) -> object:
    operator = _SIMPLE.get(word)
    if operator is None or len(values) != 2:  # noqa: PLR2004 - both sides
        return UNKNOWN
    try:
        return operator(*aligned(values[0], values[1]))
    except (TypeError, ValueError, ArithmeticError, re.error):
        return UNKNOWN


def aligned(left: object, right: object) -> tuple[Any, Any]:
    """Give a text that is compared with a date, a time or a number the other's type."""
    if isinstance(left, str) and not isinstance(right, str):
        return _like(left, right), _plain(right)
    if isinstance(right, str) and not isinstance(left, str):
        return _plain(left), _like(right, left)
    if isinstance(left, datetime) != isinstance(right, datetime) and isinstance(left, date) and isinstance(right, date):
        return _midnight(left), _midnight(right)
    return _plain(left), _plain(right)


def _plain(value: object) -> object:
    return Decimal(repr(value)) if isinstance(value, float) and math.isfinite(value) else value


def _midnight(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001


def _like(text: str, other: object) -> object:
    if isinstance(other, bool):
        return cast(text, "boolean")
    for kind, name in ((datetime, "timestamp"), (date, "date"), (time, "time"), (int | Decimal | float, "numeric")):
        if isinstance(other, kind):
            return cast(text, name)
    return text


def _column(node: Node, row: Row) -> object:
    name = str(node.value)
    if name in row:
        return row[name]
    return next((value for key, value in row.items() if key.lower() == name.lower()), UNKNOWN)


def _and(node: Node, row: Row) -> object:
    values = [evaluate(item, row) for item in node.args]
    if any(value is False for value in values):
        return False
    return _weaker(values, otherwise=True)


def _or(node: Node, row: Row) -> object:
    values = [evaluate(item, row) for item in node.args]
    if any(value is True for value in values):
        return True
    return _weaker(values, otherwise=False)


def _weaker(values: list[object], *, otherwise: bool) -> object:
    if any(value is UNKNOWN for value in values):
        return UNKNOWN
    return None if None in values else otherwise


def _not(node: Node, row: Row) -> object:
    value = evaluate(node.args[0], row)
    return value if value is None or value is UNKNOWN else not value


def _is_null(node: Node, row: Row) -> object:
    if node.args[0].word == "row":
        return UNKNOWN
    value = evaluate(node.args[0], row)
    return UNKNOWN if value is UNKNOWN else value is None


def _is(node: Node, row: Row) -> object:
    value = evaluate(node.args[0], row)
    if node.value == "same":
        return _same(value, evaluate(node.args[1], row))
    return UNKNOWN if value is UNKNOWN else value is node.value


def _same(left: object, right: object) -> object:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if left is None or right is None:
        return left is right
    first, second = aligned(left, right)
    return bool(first == second)


def _distinct(node: Node, row: Row) -> object:
    value = _same(evaluate(node.args[0], row), evaluate(node.args[1], row))
    return value if value is UNKNOWN else not value


def _case(node: Node, row: Row) -> object:
    for condition, value in zip(node.args[:-1:2], node.args[1:-1:2], strict=True):
        met = evaluate(condition, row)
        if met is UNKNOWN:
            return UNKNOWN
        if met:
            return evaluate(value, row)
    return evaluate(node.args[-1], row)


_SPECIAL: Mapping[str, Callable[[Node, Row], object]] = {
    "column": _column,
    "constant": lambda node, _row: node.value,
    "now": lambda node, _row: NOW.date() if node.value == "date" else NOW,
    "and": _and,
    "or": _or,
    "not": _not,
    "is null": _is_null,
    "is": _is,
    "distinct": _distinct,
    "case": _case,
}


def matches(pattern: str, text: str, *, fold: bool = False) -> bool:
    """Whether a POSIX regular expression is found in `text`, as Python's engine sees it."""
    spelled = pattern.replace("[[:alnum:]", "[a-zA-Z0-9").replace("\\m", "\\b").replace("\\M", "\\b")
    for name, letters in CLASSES.items():
        spelled = spelled.replace(f"[:{name}:]", letters)
    return re.search(spelled, text, re.IGNORECASE if fold else 0) is not None


CLASSES: Mapping[str, str] = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "digit": "0-9", "lower": "a-z", "upper": "A-Z", "space": r"\s",
    "xdigit": "0-9a-fA-F", "punct": "!-/", "word": r"\w",
}  # fmt: skip


def like(pattern: str, text: str, *, fold: bool = False) -> bool:
    """Whether `text` is like a LIKE pattern."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    spelled = "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
    return re.fullmatch(spelled, text, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


_SIMPLE: Mapping[str, Callable[..., object]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: int(a / b) if isinstance(a, int) and isinstance(b, int) else Decimal(a) / Decimal(b),
    "//": lambda a, b: int(a / b),
    "%": lambda a, b: Decimal(a) % Decimal(b),
    "||": lambda a, b: str(a) + str(b),
    "regex": lambda a, b: matches(b, a),
    "iregex": lambda a, b: matches(b, a, fold=True),
    "not regex": lambda a, b: not matches(b, a),
    "not iregex": lambda a, b: not matches(b, a, fold=True),
    "like": lambda a, b: like(b, a),
    "ilike": lambda a, b: like(b, a, fold=True),
    "not like": lambda a, b: not like(b, a),
    "not ilike": lambda a, b: not like(b, a, fold=True),
}


def _call(name: str, values: list[object]) -> object:
    if name in _WITH_NULLS:
        return _WITH_NULLS[name](values)
    function = _FUNCTIONS.get(name)
    if function is None or None in values:
        return UNKNOWN if function is None else None
    try:
        return function(*values)
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return UNKNOWN


def _first(values: list[object]) -> object:
    return next((value for value in values if value is not None), None)


_WITH_NULLS: Mapping[str, Callable[[list[object]], object]] = {
    "num_nonnulls": lambda values: sum(value is not None for value in values),
    "num_nulls": lambda values: sum(value is None for value in values),
    "coalesce": _first, "ifnull": _first, "nvl": _first,
}  # fmt: skip


def _extract(part: object, value: object) -> object:
    """Return a part of a time."""
    known = str(part).lower() in {"year", "month", "day", "hour", "minute"}
    return getattr(value, str(part).lower(), UNKNOWN) if known else UNKNOWN


def _length(value: object) -> object:
    return len(value) if isinstance(value, str | bytes | list) else UNKNOWN


def _octets(value: object) -> object:
    if isinstance(value, str):
        return len(value.encode())
    return len(value) if isinstance(value, bytes) else UNKNOWN


def _text(change: Callable[[str], str]) -> Callable[..., object]:
    return lambda value: change(value) if isinstance(value, str) else UNKNOWN


_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "length": _length, "char_length": _length, "character_length": _length, "octet_length": _octets,
    "lower": _text(str.lower), "upper": _text(str.upper), "initcap": _text(str.title),
    "btrim": _text(str.strip), "trim": _text(str.strip), "ltrim": _text(str.lstrip), "rtrim": _text(str.rstrip),
    "abs": abs, "mod": lambda a, b: a % b, "floor": math.floor, "ceil": math.ceil, "ceiling": math.ceil,
    "round": round, "cardinality": _length, "array_length": lambda a, _n: _length(a),
    "left": lambda text, n: text[:n], "right": lambda text, n: text[-n:],
    "reverse": _text(lambda text: text[::-1]), "date": _midnight, "substr": lambda text, a, n: text[a - 1 : a - 1 + n],
    "greatest": max, "least": min, "json_valid": lambda _text: True,
    "extract": _extract, "date_part": _extract, "year": lambda value: value.year, "month": lambda value: value.month,
    "timestamp": lambda value: value, "timezone": lambda _zone, value: value,
}  # fmt: skip

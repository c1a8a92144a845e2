"""Conditions that say the same as a partition's bound: what rules write into a CHECK."""

import re

from instar.lint.look import Look

_RANGE = re.compile(r"FOR VALUES FROM \((.*)\) TO \((.*)\)\Z", re.DOTALL)
_LIST = re.compile(r"FOR VALUES IN \((.*)\)\Z", re.DOTALL)
_KEY = re.compile(r"(?:RANGE|LIST) \((\"?[\w$]+\"?)\)\Z")
_ENDS = frozenset({"MINVALUE", "MAXVALUE"})


def condition(look: Look, key: str, bound: str) -> str:
    """Return the bound of a partition as a condition, "" for several columns, hashes and expressions."""
    column = _KEY.match(key)
    if column is None or "..." in bound:
        return ""
    name = look.name(column[1].strip('"'))
    span = _RANGE.match(bound)
    if span:
        return _span(name, span[1], span[2])
    values = _LIST.match(bound)
    if not values:
        return ""
    plain = [item for item in values[1].split(", ") if item != "NULL"]
    if len(plain) < len(values[1].split(", ")):
        return f"{name} IS NULL" + (f" OR {name} IN ({', '.join(plain)})" if plain else "")
    return f"{name} IS NOT NULL AND {name} IN ({', '.join(plain)})"


def _span(name: str, low: str, high: str) -> str:
    parts = [f"{name} IS NOT NULL"]
    if low not in _ENDS:
        parts.append(f"{name} >= {low}")
    if high not in _ENDS:
        parts.append(f"{name} < {high}")
    return " AND ".join(parts)

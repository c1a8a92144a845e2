"""The text that an expression of EXECUTE is, where nothing in it is known at run time only."""

import re

from instar.dialects.postgresql import tree
from instar.dialects.postgresql._libpg_query import ParserError
from instar.dialects.postgresql.analysis import objects
from instar.dialects.postgresql.identifiers import written
from instar.dialects.postgresql.tree import Node

_MARK = re.compile(r"%(?:(?P<number>\d+)\$)?(?P<kind>[sIL%])")


def value(expression: str) -> str | None:
    """Return the value of literals, `||`, format(), concat() and quote_*() over literals; None for anything else."""
    try:
        targets = tree.parse(f"SELECT {expression}")[0].node.get("targetList", ())
    except ParserError:
        return None
    return _value(targets[0]["ResTarget"]["val"]) if len(targets) == 1 else None


def _value(node: Node) -> str | None:
    kind, inside = next(iter(node.items()))
    if kind == "A_Const":
        found = inside.get("sval", {}).get("sval", inside.get("ival", {}).get("ival"))
        return None if found is None else str(found)
    if kind == "A_Expr" and objects.strings(inside["name"]) == ["||"]:
        left, right = _value(inside["lexpr"]), _value(inside["rexpr"])
        return None if left is None or right is None else left + right
    if kind == "FuncCall":
        return _called(objects.strings(inside["funcname"])[-1], [_value(item) for item in inside.get("args", ())])
    return None


def _called(name: str, arguments: list[str | None]) -> str | None:
    given = [item for item in arguments if item is not None]
    if not given or len(given) != len(arguments):
        return None
    if name == "concat":
        return "".join(given)
    if name == "quote_ident":
        return written(given[0])
    if name == "quote_literal":
        return _literal(given[0])
    return _formatted(given[0], given[1:]) if name == "format" else None


def _formatted(template: str, arguments: list[str]) -> str | None:
    """Fill the marks of format() in; None where one has no value, has a width, or only some have numbers."""
    left = list(arguments)

    def filled(match: re.Match[str]) -> str:
        if match["kind"] == "%":
            return "%"
        text = arguments[int(match["number"]) - 1] if match["number"] else left.pop(0)
        return {"s": text, "I": written(text), "L": _literal(text)}[match["kind"]]

    marks = [mark for mark in _MARK.finditer(template) if mark["kind"] != "%"]
    if template.replace("%%", "").count("%") != len(marks) or len({bool(mark["number"]) for mark in marks}) > 1:
        return None
    try:
        return _MARK.sub(filled, template)
    except IndexError:
        return None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

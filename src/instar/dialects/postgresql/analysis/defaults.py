"""Whether a default is computed once for all rows that are there, or anew for each of them.

A constant, and what is stable within a statement like now(), is kept in the catalog and shown in the rows; a volatile
expression makes ADD COLUMN write the whole table. Functions in SQL are inlined before the server looks.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from instar.catalog import Function, Schema
from instar.dialects.postgresql import tree
from instar.dialects.postgresql._libpg_query import ParserError
from instar.dialects.postgresql.analysis import expressions, volatility
from instar.dialects.postgresql.analysis.scope import words
from instar.dialects.postgresql.tree import Node

_DEEP = 8
"""Inlined functions that are followed into each other before we stop."""


class Volatility(Struct, frozen=True):
    """`volatile` with the function that makes it so in `reason`; or the `unknown` fact that decides."""

    volatile: bool = False
    reason: str = ""
    unknown: str = ""


def volatility_of(expression: Any, schema: Schema, depth: int = 0) -> Volatility:
    """Say whether an expression's tree is volatile."""
    unknown = Volatility()
    for node in expressions.found(expression, "FuncCall"):
        found = _call(words(node["funcname"]), schema, depth)
        if found.volatile:
            return found
        unknown = found if found.unknown else unknown
    return unknown


def _call(name: tuple[str, ...], schema: Schema, depth: int) -> Volatility:
    function = _function(name, schema)
    shown = f"{'.'.join(name)}()"
    if function is not None:
        return _of_function(function, shown, schema, depth)
    place = name[-2] if len(name) > 1 else ""
    if name[-1] in volatility.VOLATILE:
        return Volatility(volatile=True, reason=f"{shown} gives every row another value")
    if name[-1] in volatility.CALM or place == "pg_catalog":
        return Volatility()
    return Volatility(unknown=f"the volatility of {shown}")


def _function(name: tuple[str, ...], schema: Schema) -> Function | None:
    """Return a function of the users' own. Unqualified, the server's own of the same name come first."""
    if len(name) > 1:
        return schema.functions.get(schema.key(name[-2], name[-1]))
    if name[-1] in volatility.CALM or name[-1] == "random":
        return None
    keys = (schema.key(place, name[-1]) for place in schema.path)
    return next((found for key in keys if (found := schema.functions.get(key)) is not None), None)


def _of_function(function: Function, shown: str, schema: Schema, depth: int) -> Volatility:
    if function.volatility != "volatile" or function.constant:
        return Volatility()
    body = _inlined(function) if depth < _DEEP else None
    if body is not None:
        return volatility_of(body, schema, depth + 1)
    return Volatility(volatile=True, reason=f"{shown} is volatile: every row gets a value of its own")


def _inlined(function: Function) -> Node | None:
    """Return the expression of a SQL function that is one SELECT of one expression, as the server inlines it."""
    if function.language.lower() != "sql" or not function.body:
        return None
    try:
        statements = tree.parse(function.body)
    except ParserError:
        return None
    if len(statements) != 1 or statements[0].kind != "SelectStmt":
        return None
    select = statements[0].node
    plain = not any(key in select for key in ("fromClause", "whereClause", "groupClause", "limitCount", "withClause"))
    targets = select.get("targetList", [])
    value: Node = targets[0]["ResTarget"].get("val", {}) if plain and len(targets) == 1 else {}
    return value if value and not any(expressions.found(value, "SubLink")) else None


def sequences(expression: Any, schema: Schema) -> Iterator[str]:
    """Yield the keys of the sequences that nextval() names in an expression."""
    for node in expressions.found(expression, "FuncCall"):
        if words(node["funcname"])[-1] != "nextval":
            continue
        for text in _strings(node.get("args", [])):
            place, _, name = text.replace('"', "").rpartition(".")
            yield schema.resolve(place, name)


def _strings(arguments: list[Node]) -> Iterator[str]:
    for constant in expressions.found(arguments, "A_Const"):
        if "sval" in constant:
            yield constant["sval"].get("sval", "")

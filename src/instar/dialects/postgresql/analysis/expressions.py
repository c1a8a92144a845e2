"""What an expression's tree says: the columns it mentions, and those of which it proves that they hold no NULL."""

from collections.abc import Iterator
from functools import reduce
from typing import Any

from instar.dialects.postgresql.tree import Node


def columns(tree: Any) -> tuple[str, ...]:
    """Return the columns that an expression mentions, in the order of the text, each once."""
    return tuple(dict.fromkeys(name for node in found(tree, "ColumnRef") if (name := column(node))))


def column(reference: Node) -> str:
    """Return the column's name of a ColumnRef, "" for a star."""
    return str(reference["fields"][-1].get("String", {}).get("sval", ""))


def found(tree: Any, kind: str) -> Iterator[Node]:
    """Yield the nodes of one kind in a tree, outer ones first."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == kind:
                yield value
            yield from found(value, kind)
    elif isinstance(tree, list):
        for value in tree:
            yield from found(value, kind)


def not_null(tree: Node) -> frozenset[str]:
    """Return the columns that hold no NULL where the condition is true *or unknown*, as a CHECK lets pass.

    So `a > 0` proves nothing. Measured: IS NOT NULL, alone, under AND, in every branch of an OR, and NOT (.. IS NULL).
    """
    kind, node = next(iter(tree.items()))
    if kind == "NullTest":
        return _tested(node, "IS_NOT_NULL")
    if kind == "A_Expr":
        return _simplified(node)
    if kind != "BoolExpr":
        return frozenset()
    if node["boolop"] == "NOT_EXPR":
        inner = node["args"][0].get("NullTest")
        return _tested(inner, "IS_NULL") if inner else frozenset()
    proofs = [not_null(item) for item in node["args"]]
    merge = frozenset.union if node["boolop"] == "AND_EXPR" else frozenset.intersection
    return reduce(merge, proofs)


def _simplified(node: Node) -> frozenset[str]:
    """Look through `condition = true`, `condition <> false` and IS DISTINCT FROM NULL, as the planner does."""
    if node["kind"] == "AEXPR_DISTINCT":
        reference, constant = node.get("lexpr", {}).get("ColumnRef"), node.get("rexpr", {}).get("A_Const", {})
        return frozenset({column(reference)}) if reference and constant.get("isnull") else frozenset()
    operator = node.get("name", [{}])[-1].get("String", {}).get("sval", "")
    if operator not in {"=", "<>"}:
        return frozenset()
    for one, other in (("lexpr", "rexpr"), ("rexpr", "lexpr")):
        constant = node.get(one, {}).get("A_Const", {}).get("boolval")
        if constant is not None and bool(constant.get("boolval")) is (operator == "=") and other in node:
            return not_null(node[other])
    return frozenset()


def _tested(node: Node, kind: str) -> frozenset[str]:
    reference = node["arg"].get("ColumnRef")
    return frozenset({column(reference)}) if reference and node["nulltesttype"] == kind else frozenset()

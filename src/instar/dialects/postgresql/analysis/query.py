"""What a query reads: relations with the locks they are taken with, data-modifying WITH parts, and functions."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from instar.catalog import Table
from instar.dialects.postgresql.analysis.objects import is_system, strings
from instar.dialects.postgresql.analysis.scope import Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import LockMode

_CHANGING = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
_FLAGS = {"limitCount": "limit", "limitOffset": "offset", "sortClause": "order"}
_NOWHERE: frozenset[str] = frozenset()


class Query(Struct):
    """What was found: modes of reads by key, data-modifying statements with the WITH names around them, functions.

    `numbers` are sequences that are asked for a number. `named` are the relations that the query itself names: `reads`
    holds partitions, and what views read, as well. `called` are keys of the users' own functions.
    """

    reads: dict[str, LockMode] = field(default_factory=dict)
    changing: list[tuple[str, Node, frozenset[str]]] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    numbers: dict[str, LockMode] = field(default_factory=dict)
    called: dict[str, None] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)

    def add(self, key: str, mode: LockMode) -> None:
        """Remember that `key` is read under `mode` or a stronger lock."""
        self.reads[key] = max(mode, self.reads.get(key, LockMode.NONE))


def read(scope: Scope, node: Any, shadows: frozenset[str] = _NOWHERE) -> Query:
    """Look through any part of a tree. `shadows` are names of WITH queries that hide tables."""
    found = Query()
    _walk(scope, node, shadows, found)
    return found


def with_names(node: Node, shadows: frozenset[str]) -> frozenset[str]:
    """Return `shadows` and the names of a statement's own WITH queries."""
    ctes = node.get("withClause", {}).get("ctes", ())
    return shadows | {item["CommonTableExpr"]["ctename"] for item in ctes} if ctes else shadows


def _walk(scope: Scope, node: Any, shadows: frozenset[str], found: Query) -> None:
    if isinstance(node, list):
        for item in node:
            _walk(scope, item, shadows, found)
        return
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if name == "RangeVar":
            _relation(scope, value, shadows, found, LockMode.ACCESS_SHARE)
        elif name in _CHANGING:
            found.changing.append((name, value, shadows))
        elif name == "SelectStmt" or (name in {"larg", "rarg"} and "limitOption" in value):
            _select(scope, value, shadows, found)
        else:
            if name == "FuncCall":
                _call(scope, value, found)
            _walk(scope, value, shadows, found)


def _call(scope: Scope, node: Node, found: Query) -> None:
    """Remember a function; those that take the next number of a sequence lock it as a writer does."""
    parts = strings(node["funcname"])
    called = parts[-1].lower()
    found.functions.add(called)
    keys = (scope.schema.key(place, parts[-1]) for place in parts[-2:-1] or scope.schema.path)
    found.called.update(dict.fromkeys(key for key in keys if key in scope.schema.functions))
    if called not in {"nextval", "setval"} or "args" not in node:
        return
    value = node["args"][0]
    constant = value.get("TypeCast", {}).get("arg", value).get("A_Const", {}).get("sval", {}).get("sval", "")
    if constant:
        place, _, name = constant.replace('"', "").rpartition(".")
        key = scope.schema.resolve(place, name)
        found.numbers[key] = LockMode.ROW_EXCLUSIVE


def _select(scope: Scope, node: Node, shadows: frozenset[str], found: Query) -> None:
    inside = with_names(node, shadows)
    rest = {name: value for name, value in node.items() if name not in {"lockingClause", "intoClause"}}
    _walk(scope, rest, inside, found)
    found.flags.update(word for name, word in _FLAGS.items() if name in node)
    for clause in node.get("lockingClause", ()):
        found.flags.add("for update")
        if clause["LockingClause"].get("waitPolicy") == "LockWaitSkip":
            found.flags.add("skip locked")
        named = {item["RangeVar"]["relname"] for item in clause["LockingClause"].get("lockedRels", ())}
        for range_var in sources(node.get("fromClause", ())):
            if not named or _called(range_var) in named:
                _relation(scope, range_var, inside, found, LockMode.ROW_SHARE)


def _called(range_var: Node) -> str:
    return str(range_var.get("alias", {}).get("aliasname") or range_var["relname"])


def _relation(scope: Scope, range_var: Node, shadows: frozenset[str], found: Query, mode: LockMode) -> None:
    schema, name = range_var.get("schemaname", ""), range_var["relname"]
    if (not schema and name in shadows) or is_system(schema, name):
        return
    found.named.add(scope.key(range_var))
    _add(scope, scope.table(range_var), mode, found, partitions=range_var.get("inh", False))


def _add(scope: Scope, table: Table, mode: LockMode, found: Query, *, partitions: bool) -> None:
    """Add a relation; with it what a view reads, and the partitions that a partitioned table stands for."""
    found.add(table.name, mode)
    if table.kind == "view":
        for source in table.sources:
            if found.reads.get(source, LockMode.NONE) < mode:
                _add(scope, scope.schema.known(source), mode, found, partitions=True)
    elif partitions:
        for child in scope.schema.children(table.name):
            found.add(child.name, mode)


def sources(items: Any) -> Iterator[Node]:
    """Yield the RangeVars of a FROM clause, joins included, subqueries not."""
    for item in items:
        if "RangeVar" in item:
            yield item["RangeVar"]
        elif "JoinExpr" in item:
            yield from sources([item["JoinExpr"][side] for side in ("larg", "rarg") if side in item["JoinExpr"]])

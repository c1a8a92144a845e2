"""SET, transactions, prepared statements, CALL and EXPLAIN."""

from collections.abc import Callable

from msgspec.structs import replace

from instar.catalog import Schema
from instar.dialects.postgresql.analysis.objects import made, strings, switched_on
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change

_TRANSACTIONS = {
    "BEGIN": "begin",
    "START": "begin",
    "COMMIT": "commit",
    "ROLLBACK": "rollback",
    "SAVEPOINT": "savepoint",
    "RELEASE": "savepoint",
    "ROLLBACK_TO": "savepoint",
    "PREPARE": "commit",
    "COMMIT_PREPARED": "commit",
    "ROLLBACK_PREPARED": "rollback",
}
_FLAGS = {"RELEASE": "release", "ROLLBACK_TO": "rollback to", "PREPARE": "prepare"}
_OTHERS = {
    "ConstraintsSetStmt": ("set", "constraints"),
    "DiscardStmt": ("set", "discard"),
    "AlterDatabaseSetStmt": ("set", "database"),
    "AlterRoleSetStmt": ("set", "role"),
    "AlterSystemStmt": ("set", "system"),
    "ExecuteStmt": ("prepare", "execute"),
    "DeallocateStmt": ("prepare", "deallocate"),
}


def setting(scope: Scope, node: Node) -> Parts:
    """Analyse SET and RESET: `name` is the parameter, `text` its value; RESET has none."""
    del scope
    flags = {"local"} if node.get("is_local") else set()
    if node["kind"] in {"VAR_RESET", "VAR_RESET_ALL", "VAR_SET_DEFAULT"}:
        flags.add("reset")
    values = [_value(item) for item in node.get("args", ())]
    change = Change(
        "set", name=node.get("name", "").lower(), text=", ".join(values), columns=tuple(values), flags=frozenset(flags)
    )
    return Parts((change,))


def _value(node: Node) -> str:
    constant = node.get("TypeCast", {}).get("arg", node).get("A_Const", {})
    if "ival" in constant:
        return str(constant["ival"].get("ival", 0))
    if "fval" in constant:
        return str(constant["fval"]["fval"])
    if "boolval" in constant:
        return "on" if constant["boolval"].get("boolval") else "off"
    return str(constant.get("sval", {}).get("sval", ""))


def transaction(scope: Scope, node: Node) -> Parts:
    """Analyse BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their likes."""
    del scope
    kind = node["kind"].removeprefix("TRANS_STMT_")
    flags = frozenset({_FLAGS[kind]}) if kind in _FLAGS else frozenset()
    return Parts((Change(_TRANSACTIONS[kind], name=node.get("savepoint_name", ""), flags=flags),))


def call(scope: Scope, node: Node) -> Parts:
    """Analyse CALL: what a procedure does whose body is known, else nobody can say."""
    from instar.dialects.postgresql.analysis import bodies

    key = made(scope.schema, strings(node["funccall"]["funcname"]))
    done = bodies.called(scope.schema, key)
    if done is None:
        return Parts((Change("call", name=key, flags=bodies.UNFORESEEN),), dynamic=True)
    flags = bodies.UNFORESEEN if done.dynamic else frozenset()
    return Parts((Change("call", name=key, locks=done.locks, work=done.work, flags=flags),), dynamic=done.dynamic)


def prepare(scope: Scope, node: Node) -> Parts:
    """Analyse PREPARE: the statement's relations are locked as it is planned."""
    from instar.dialects.postgresql.analysis import dml

    kind, inner = next(iter(node["query"].items()))
    return Parts((Change("prepare", name=node["name"], locks=dml.planned(scope, kind, inner)),))


def cursor(scope: Scope, node: Node) -> Parts:
    """Analyse DECLARE CURSOR: what it reads is locked as by its query."""
    from instar.dialects.postgresql.analysis import dml

    kind, inner = next(iter(node["query"].items()))
    changes = dml.changes_of(scope, kind, inner) if kind in dml.HANDLES else ()
    return Parts(tuple(replace(item, name=node["portalname"]) for item in changes) or (Change("select"),))


def explain(scope: Scope, node: Node) -> Parts:
    """Analyse EXPLAIN; with ANALYZE the statement runs."""
    from instar.dialects.postgresql.analysis import dml

    kind, inner = next(iter(node["query"].items()))
    changes = dml.changes_of(scope, kind, inner) if kind in dml.HANDLES else ()
    if switched_on(node, "analyze"):
        return Parts(changes or (Change("other"),))
    locks = tuple(lock for change in changes for lock in change.locks)
    return Parts((Change("select", flags=frozenset({"explain"}), locks=locks),))


def _other(kind: str, word: str) -> Callable[[Scope, Node], Parts]:
    """Return the handler of a statement that sets something for later, or runs or frees a prepared statement."""

    def handle(scope: Scope, node: Node) -> Parts:
        flags = frozenset({word})
        if "setstmt" not in node:
            return Parts((Change(kind, name=node.get("name", ""), flags=flags),))
        found = setting(scope, node["setstmt"]).changes[0]
        return Parts((replace(found, flags=found.flags | flags),))

    return handle


def _learn_set(schema: Schema, change: Change, version: str) -> None:
    """`search_path` decides where names without a schema are looked for."""
    del version
    if change.flags & {"database", "role", "system"}:
        return
    if change.name in {"timezone", "search_path"} and schema.outside is None:
        schema.outside = (schema.path, schema.timezone)
    if change.name == "timezone":
        schema.timezone = "" if "reset" in change.flags else change.text
    if change.name == "search_path":
        path = tuple(item for item in change.columns if item and item != "$user")
        schema.path = (schema.default,) if "reset" in change.flags or not path else path


HANDLES = {
    "VariableSetStmt": setting,
    "TransactionStmt": transaction,
    "CallStmt": call,
    "PrepareStmt": prepare,
    "DeclareCursorStmt": cursor,
    "ExplainStmt": explain,
    **{node: _other(*words) for node, words in _OTHERS.items()},
}
LEARNS = {"set": _learn_set}

"""Triggers, rules and policies: instant, but each locks its table."""

from msgspec.structs import replace

from instar.catalog import Schema
from instar.dialects.postgresql.analysis import dml, query
from instar.dialects.postgresql.analysis.objects import lock, name_end, strings
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, LockMode, strongest

_AX, _SRX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE


def trigger(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE [OR REPLACE] TRIGGER: writers wait, readers do not."""
    table = scope.table(node["relation"])
    name = node["trigname"]
    old = name in table.triggers and node.get("replace")
    below = list(scope.schema.children(table.name)) if table.kind == "partitioned" and node.get("row") else []
    locks = [lock(item, _SRX) for item in (table, *below)]
    others: tuple[str, ...] = ()
    if "constrrel" in node:
        referenced = scope.table(node["constrrel"])
        others = (referenced.name,)
        locks.append(lock(referenced, LockMode.ACCESS_SHARE))
    start = scope.character(node["relation"].get("location", 0))
    flags = {"or replace"} if node.get("replace") else set()
    flags |= {"row"} if node.get("row") else {"statement"}
    change = Change(
        "replace trigger" if old else "create trigger",
        table.name,
        name,
        locks=tuple(locks),
        flags=frozenset(flags),
        columns=tuple(strings(node.get("columns", []))),
        others=others,
        text=".".join(strings(node["funcname"])),
        start=start,
        end=name_end(scope.text, start),
    )
    return Parts((change,))


def rule(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE [OR REPLACE] RULE."""
    table = scope.table(node["relation"])
    flags = frozenset({"or replace"}) if node.get("replace") else frozenset()
    locks = [lock(table, _AX)]
    for item in node.get("actions", ()):
        kind, action = next(iter(item.items()))
        locks += dml.planned(scope, kind, action)
    return Parts((Change("create rule", table.name, node["rulename"], locks=strongest(locks), flags=flags),))


def policy(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE POLICY and ALTER POLICY: other relations in its conditions are only read."""
    kind = "create policy" if "cmd_name" in node else "alter policy"
    table = scope.table(node["table"])
    found = query.read(scope, [node.get("qual"), node.get("with_check")])
    locks = (lock(table, _AX), *dml.reads(scope, found))
    change = Change(kind, table.name, node["policy_name"], locks=locks, others=tuple(found.reads))
    return Parts((change,))


def event_trigger(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE EVENT TRIGGER."""
    del scope
    return Parts((Change("create event trigger", name=node["trigname"]),))


def _learn_trigger(schema: Schema, change: Change, version: str) -> None:
    """Add a trigger; a row trigger of a partitioned table is one of each of its partitions."""
    del version
    below = schema.children(change.relation) if "row" in change.flags else ()
    table = schema.known(change.relation)
    for item in (table, *[one for one in below if not one.inherited]):
        if change.name not in item.triggers:
            level = "ROW" if "row" in change.flags else "STATEMENT"
            text = f"CREATE TRIGGER {change.name} FOR EACH {level} EXECUTE FUNCTION {change.text}()"
            texts = (*item.trigger_texts, text) if len(item.trigger_texts) == len(item.triggers) else ()
            schema.put(replace(item, triggers=(*item.triggers, change.name), trigger_texts=texts))


HANDLES = {
    "CreateTrigStmt": trigger,
    "RuleStmt": rule,
    "CreatePolicyStmt": policy,
    "AlterPolicyStmt": policy,
    "CreateEventTrigStmt": event_trigger,
}
LEARNS = {"create trigger": _learn_trigger, "replace trigger": _learn_trigger}

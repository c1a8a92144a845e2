"""DROP of a view, function, type, sequence, domain, schema or extension breaks whoever still uses it.

The released application may select from the view, call the function or name the type. Release an application that does
not first, and drop the object in a later migration, when no release uses it.

Safe when: this migration has created it; the same transaction creates it again (that is a replacement: CREATE OR
REPLACE keeps rights and dependent objects, where it can); nothing of that name is known and it is dropped IF EXISTS; it
is a function that only triggers can call: while one does, the server refuses.
"""

import re
from collections.abc import Iterator

from instar.effects import Change, Effect
from instar.lint.around import ahead, counted, dropped_together, listed, readers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = (
    "drop view",
    "drop materialized view",
    "drop foreign table",
    "drop type",
    "drop domain",
    "drop sequence",
    "drop function",
    "drop schema",
    "drop extension",
    "drop object",
)
SETUP = """CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2));
CREATE VIEW paid_orders AS SELECT id FROM orders WHERE total > 0;
"""
BAD = "DROP VIEW paid_orders;"
GOOD = """DROP VIEW paid_orders;
CREATE VIEW paid_orders AS SELECT id, total FROM orders WHERE total > 0;
"""
PROOF = Proof("breaks", "SELECT id FROM paid_orders")

_TRIGGER = re.compile(
    r"\b(?:return\s+(?:new|old)|(?:new|old)\s*\.\s*\w|tg_(?:op|name|when|level|table_name))\b", re.IGNORECASE
)


def check(look: Look) -> Iterator[Finding]:
    """Flag an object that a released application may use."""
    change = look.change
    if change is None:
        return
    group = dropped_together(look, lambda item: _breaks(look, item))
    if not group:
        return
    word = change.kind.removeprefix("drop ")
    keys = [item.relation or item.name for item in group]
    views = list(dict.fromkeys(view for key in keys for view in readers(look, key)))
    what = counted(word, [look.name(key) for key in keys])
    it, is_ = ("them", "they are") if len(group) > 1 else ("it", "it is")
    yield look.finding(
        f"whoever still uses the {what} fails as soon as {is_} dropped",
        why=f"{listed(views)} {'read' if len(views) > 1 else 'reads'} {it}" if views else "",
        advice=f"release an application that does not use {listed(look.name(key) for key in keys)} first; drop {it} "
        f"in a later migration, when no release uses {it}",
    )


def _breaks(look: Look, change: Change) -> bool:
    """Whether a released application may miss what is dropped."""
    key = change.relation or change.name
    if not key or _made(look.unit.effects, key) or any(_creates(effect, key) for _, effect in ahead(look)):
        return False
    if change.kind == "drop function" and _of_trigger(look, key):
        return False
    return "if exists" not in change.flags or _known(look, key)


def _of_trigger(look: Look, key: str) -> bool:
    """Whether only triggers can call a function: its code works with their NEW, OLD or TG_ variables."""
    function = look.schema.functions.get(key.partition("(")[0])
    return function is not None and function.language == "plpgsql" and _TRIGGER.search(function.body) is not None


def _known(look: Look, key: str) -> bool:
    schema = look.schema
    found = key in schema.tables or key in schema.types or key in schema.functions
    return found or any(name.partition("(")[0] == key.partition("(")[0] for name in schema.functions)


def _made(effects: list[Effect], key: str) -> bool:
    return any(_creates(effect, key) for effect in effects)


def _creates(effect: Effect, key: str) -> bool:
    return any(_creating(change) and key in {change.relation, change.name} for change in effect.changes)


def _creating(change: Change) -> bool:
    return change.kind.startswith(("create ", "replace "))

"""DROP of a view, function, type, sequence, domain, schema or extension breaks whoever still uses it.

The released application may select from the view, call the function or name the type. Release an application that does
not first, and drop the object below `-- migrate:contract`.

Safe when: this migration has created it; the same transaction creates it again (that is a replacement: CREATE OR
REPLACE keeps rights and dependent objects, where it can); nothing of that name is known and it is dropped IF EXISTS.
"""

from collections.abc import Iterator

from instar.effects import Change, Effect
from instar.lint.around import ahead, listed, readers
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


def check(look: Look) -> Iterator[Finding]:
    """Flag an object that a released application may use."""
    change = look.change
    if change is None:
        return
    word, key = change.kind.removeprefix("drop "), change.relation or change.name
    if not key or _made(look.unit.effects, key) or any(_creates(effect, key) for _, effect in ahead(look)):
        return
    if "if exists" in change.flags and not _known(look, key):
        return
    name = look.name(key)
    views = readers(look, key)
    kind = "object" if word == "object" else word
    yield look.finding(
        f"whoever still uses the {kind} {name} fails as soon as it is dropped",
        why=f"{listed(views)} {'read' if len(views) > 1 else 'reads'} it" if views else "",
        advice=f"release an application that does not use {name} first; drop it below -- migrate:contract",
    )


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

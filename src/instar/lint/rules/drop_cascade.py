"""DROP ... CASCADE drops what depends on the object too: views, foreign keys, columns, whatever there is.

What that is depends on the database that it runs on; somebody's view, added by hand, goes without a word. Drop by name
what is meant to go: the server then says what else depends on it.

Safe when: this migration has created the object.
"""

from collections.abc import Iterator

from instar.lint.around import listed, made_here, readers, referrers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = (
    "drop table",
    "drop column",
    "drop constraint",
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
DOWN = True
SETUP = """CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE VIEW order_notes AS SELECT id, note FROM orders;
"""
BAD = "ALTER TABLE orders DROP COLUMN note CASCADE;"
GOOD = "ALTER TABLE orders ADD COLUMN remark text;"
PROOF = Proof("breaks", "SELECT id FROM order_notes")


def check(look: Look) -> Iterator[Finding]:
    """Flag a drop that takes along what is not named."""
    change = look.change
    if change is None or "cascade" not in change.flags or _ours(look):
        return
    kind, key = change.kind.removeprefix("drop "), change.relation or change.name
    column = change.name if kind == "column" else ""
    name = f"{look.name(key)}.{look.name(column)}" if column else look.name(key)
    name = f"{change.name} of {look.name(key)}" if kind == "constraint" else name
    along = [*readers(look, key, column), *referrers(look, key, column)]
    yield look.finding(
        f"whatever depends on the {kind} {name} is dropped with it" + (f": {listed(along)}" if along else ""),
        why="what that is depends on the database; it goes without a word",
        advice="drop by name what is meant to go, and leave CASCADE out"
        + (f": {', '.join(along)} first" if along else ": the server then says what else depends on it"),
    )


def _ours(look: Look) -> bool:
    change, unit = look.change, look.unit
    assert change is not None
    if change.kind == "drop column" and made_here(look, change.relation, change.name):
        return True
    effects = [*(unit.up.effects if unit.up else ()), *unit.effects]
    names = {change.relation, change.name} if change.kind not in {"drop column", "drop constraint"} else set()
    return change.relation in unit.created or any(
        item.kind.startswith("create ") and names & {item.relation, item.name} - {""}
        for effect in effects
        for item in effect.changes
    )

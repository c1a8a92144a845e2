"""DROP ... CASCADE drops what depends on the object too: views, foreign keys, columns, whatever there is.

What that is depends on the database that it runs on; somebody's view, added by hand, goes without a word. Drop by name
what is meant to go: the server then says what else depends on it.

Safe when: this migration has created the object.
"""

from collections.abc import Iterator

from instar.effects import Change
from instar.lint.around import counted, dropped_together, listed, made_here, readers, referrers
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
    if change is None or "cascade" not in change.flags:
        return
    group = dropped_together(look, lambda item: not _ours(look, item))
    if not group:
        return
    along = list(dict.fromkeys(name for item in group for name in _along(look, item)))
    them = "them" if len(group) > 1 else "it"
    what = counted(change.kind.removeprefix("drop "), [_name(look, item) for item in group])
    yield look.finding(
        f"whatever depends on the {what} is dropped with {them}" + (f": {listed(along)}" if along else ""),
        why="what that is depends on the database; it goes without a word",
        advice="drop by name what is meant to go, and leave CASCADE out"
        + (f": {', '.join(along)} first" if along else ": the server then says what else depends on it"),
    )


def _along(look: Look, change: Change) -> list[str]:
    key = change.relation or change.name
    column = change.name if change.kind == "drop column" else ""
    return [*readers(look, key, column), *referrers(look, key, column)]


def _name(look: Look, change: Change) -> str:
    key = look.name(change.relation or change.name)
    if change.kind == "drop constraint":
        return f"{change.name} of {key}"
    return f"{key}.{look.name(change.name)}" if change.kind == "drop column" else key


def _ours(look: Look, change: Change) -> bool:
    unit = look.unit
    if change.kind == "drop column" and made_here(look, change.relation, change.name):
        return True
    effects = [*(unit.up.effects if unit.up else ()), *unit.effects]
    names = {change.relation, change.name} if change.kind not in {"drop column", "drop constraint"} else set()
    return change.relation in unit.created or any(
        item.kind.startswith("create ") and names & {item.relation, item.name} - {""}
        for effect in effects
        for item in effect.changes
    )

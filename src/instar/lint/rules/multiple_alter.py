"""Several ALTER TABLE statements each go through the whole table, where one would do so once.

PostgreSQL joins the work of all subcommands of one ALTER TABLE: two changes of type are one rewrite. Written as two
statements they are two. (Constraints do not belong to such a list: added NOT VALID they need no work, and VALIDATE
CONSTRAINT alone runs under a weak lock, with the others under theirs.)

Safe when: the statements do no work on rows; the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.effects import ROWS, Effect
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, quantity int, position int);"
BAD = """
ALTER TABLE orders ALTER COLUMN quantity TYPE bigint;
ALTER TABLE orders ALTER COLUMN position TYPE bigint;
"""
GOOD = "ALTER TABLE orders ALTER COLUMN quantity TYPE bigint, ALTER COLUMN position TYPE bigint;"
PROOF = Proof("held", "orders")

_ALTER = "ALTER TABLE"
_APART = frozenset(
    {"validate constraint", "rename column", "rename table", "attach partition", "detach partition"}
    | {"add constraint", "set not null"}
)
"""What cannot be joined, or has a way without work under a lock that blocks: NOT VALID first."""


def check(look: Look) -> Iterator[Finding]:
    """Flag the second of two statements that could share their work."""
    table = _worked(look, look.effect)
    if look.depth or not table or look.new(table) or look.small(table):
        return
    earlier = [(index, effect) for index, effect in look.transaction() if _worked(look, effect) == table]
    if not earlier or earlier[-1][0] != look.index - 1:
        return
    index, effect = earlier[-1]
    line = look.unit.statements[index].line
    joined = f"{effect.text}, {look.effect.text[min(item.start for item in look.effect.changes) :]}"
    yield look.finding(
        f"{look.name(table)} is gone through once more: the statement on line {line} has just done so",
        why="one ALTER TABLE with both subcommands does the work of both at once",
        advice=f"write one ALTER TABLE {look.name(table)} with all subcommands",
        fix=Fix(f"{joined};") if rewrite.head(look) else None,
        relation=table,
    )


def _worked(look: Look, effect: Effect) -> str:
    """Return the table that an ALTER TABLE goes through for certain, "" when it does not, or must stay by itself."""
    if effect.verb != _ALTER or any(item.kind in _APART or not item.start for item in effect.changes):
        return ""
    tables = {item.relation for item in effect.changes}
    if len(tables) != 1:
        return ""
    table = tables.pop()
    worked = any(work.kind in ROWS and not work.unknown and work.relation == table for work in effect.work)
    return look.table(table).name if worked else ""

"""A check below `-- migrate:after` reads a whole table while the migration's last transaction still locks it.

The checks run before the last transaction commits, so that a failed check undoes it. Every lock that it took is held
meanwhile: a check that reads all rows makes the application wait for the whole of it.

Safe when: the last transaction takes no lock that stops anybody, or only on tables that are new or small; an index
serves the check's condition.
"""

from collections.abc import Iterator

from instar.effects import ROWS, LockMode
from instar.errors import InstarError
from instar.lint.look import Held, Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity, Statement
from instar.source.script import place_in, statements

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("migration",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2));"
BAD = """
-- migrate:up
ALTER TABLE orders ADD COLUMN note text;

-- migrate:after
SELECT id FROM orders WHERE total < -1000000;
"""
GOOD = """
-- migrate:up
ALTER TABLE orders ADD COLUMN note text;

-- migrate:after
SELECT id FROM orders WHERE id = 0;
"""
PROOF = Proof("held", "orders")


def check(look: Look) -> Iterator[Finding]:
    """Flag the first check that goes through a table under a lock."""
    unit = look.unit
    if unit.section != "up" or not unit.statements or not unit.transactional[-1]:
        return
    held = next((item for item in unit.held.values() if _matters(look, item)), None)
    if held is None:
        return
    for statement in _checks(look):
        effect = look.dialect.analyse(statement.text, look.schema)
        found = [
            item for item in effect.work if item.kind in ROWS and not item.unknown and not _idle(look, item.relation)
        ]
        if not found:
            continue
        table, read = look.name(held.relation), look.name(found[0].relation)
        yield look.finding(
            f"{held.mode.blocks} of {table} wait while this check reads all rows of {read}",
            why=f"the checks run before the last transaction commits, and line {unit.statements[held.index].line} took "
            f"an {held.mode.sql} lock on {table} in it",
            advice=f"check {read} in the next migration, or by a condition that an index serves",
            relation=held.relation,
            place=place_in(statement, 0),
        )
        return


def _checks(look: Look) -> Iterator[Statement]:
    for script in look.migration.after:
        try:
            yield from statements(script, look.dialect)
        except InstarError:
            return  # what cannot be cut is refused when it runs


def _matters(look: Look, held: Held) -> bool:
    return held.mode >= LockMode.SHARE and not _idle(look, held.relation)


def _idle(look: Look, key: str) -> bool:
    return look.new(key) or look.small(key)

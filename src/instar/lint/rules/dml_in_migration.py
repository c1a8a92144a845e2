"""Rows are changed in a migration that changes the schema too.

Some teams keep the two apart: a schema migration is quick and the same everywhere, a data migration takes its time and
depends on what is there. Off by default.

Safe when: the migration changes nothing but rows; the rows are of a table that it has created.
"""

from collections.abc import Iterator

from instar.lint.around import at
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));"
BAD = """ALTER TABLE users ADD COLUMN country varchar(2);
UPDATE users SET country = 'nl' WHERE id = 1;
"""
GOOD = "ALTER TABLE users ADD COLUMN country varchar(2);"
PROOF = Proof("style")

_ROWS = frozenset({"insert", "update", "delete", "merge", "copy"})
_NEUTRAL = _ROWS | {"select", "set", "begin", "commit", "rollback", "savepoint", "other", "do", "call", "analyze"}


def check(look: Look) -> Iterator[Finding]:
    """Flag the first statement on rows beside changes of the schema."""
    effects = look.unit.effects
    if all(change.kind in _NEUTRAL for effect in effects for change in effect.changes):
        return
    for index, effect in enumerate(effects):
        for change in effect.changes:
            if change.kind in _ROWS and change.relation not in look.unit.created:
                with at(look, index, effect, change):
                    yield look.finding(
                        f"rows of {look.name()} are changed in a migration that changes the schema too",
                        why="the schema is to be the same everywhere; what happens to rows depends on what is there",
                        advice=f"put what changes rows of {look.name()} into a migration of its own",
                    )
                return

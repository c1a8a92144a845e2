"""There is no `down`, and nobody has said that there cannot be one.

When the release turns out to be wrong, somebody has to write the way back under pressure. Write it now, while it is
known what was done; or say in the header that there is none: `reversible = false`.

An empty `-- migrate:down` is none: `instar down` would say that the migration is undone, and change nothing.

In a project of three or more migrations of which none has a `down` this is said once, of the first.

Safe when: the header says `reversible = false`; the migration is a repeatable one or a baseline, or comes from
stdin; the layout is Flyway's, where undo files are the exception.
"""

from collections.abc import Iterator

from instar.lint import risk, undo
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, MigrationKind, Place, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
BAD = """-- migrate:up
CREATE TABLE invoices (id bigint PRIMARY KEY);
"""
GOOD = """-- migrate:up
CREATE TABLE invoices (id bigint PRIMARY KEY);
-- migrate:down
DROP TABLE invoices;
"""
PROOF = Proof("style")

_ONE_WAY = frozenset({"flyway"})
"""Layouts whose migrations have no way back, as a rule."""


def check(look: Look) -> Iterator[Finding]:
    """Flag a migration that cannot be undone, and does not say so."""
    migration = look.migration
    expected = migration.kind is MigrationKind.VERSIONED and migration.format not in _ONE_WAY
    empty = not look.unit.statements and migration.code is None
    if (
        migration.path.startswith("<")
        or not expected
        or (migration.reversible and not _undone_by_nothing(look))
        or migration.header.reversible is False
        or empty
    ):
        return
    forward = look.options.forward
    if migration.reversible:
        yield look.finding(
            f"the down of {migration.name} is empty",
            why="instar down would say that it is undone, and leave everything as it is",
            advice="write what takes it back below -- migrate:down, or leave that line out and say reversible = false "
            "in the header",
            place=_first_line(look),
        )
        return
    if forward and migration.version != forward:
        return
    yield look.finding(
        f"nothing undoes {migration.name}" + (", nor any other migration of this project" if forward else ""),
        why="when the release turns out to be wrong, the way back has to be written under pressure",
        advice="write a down (-- migrate:down), or say that there is none: reversible = false in the header",
        place=_first_line(look),
    )


def _undone_by_nothing(look: Look) -> bool:
    return undo.empty(look.migration, look.dialect) and risk.changing(look.unit)


def _first_line(look: Look) -> Place:
    file = look.unit.statements[0].file if look.unit.statements else look.migration.path
    return Place(file, 1, source="")

"""A primary key that builds its own index stops reads and writes until the index is built.

ADD PRIMARY KEY takes an ACCESS EXCLUSIVE lock and holds it while it looks for NULLs and reads and sorts the whole
table. Build a unique index CONCURRENTLY instead, see to it that the columns are NOT NULL, and let ADD PRIMARY KEY
USING INDEX take the index over, which is done in an instant.

Safe when: USING INDEX on columns that are NOT NULL; the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.effects import Change, WorkKind
from instar.lint import rewrite
from instar.lint.around import outside
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("add constraint",)
SETUP = "CREATE TABLE events (id bigint NOT NULL, note text);"
BAD = "ALTER TABLE events ADD CONSTRAINT pk_events PRIMARY KEY (id);"
GOOD = """
CREATE UNIQUE INDEX CONCURRENTLY pk_events ON events (id);
ALTER TABLE events ADD CONSTRAINT pk_events PRIMARY KEY USING INDEX pk_events;
"""
PROOF = Proof("work", "events")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag a primary key whose index is built under the constraint's lock."""
    change = look.change
    assert change is not None
    constraint = change.constraint
    if constraint is None or constraint.kind is not ConstraintKind.PRIMARY_KEY or rewrite.idle(look):
        return
    unknown = rewrite.doubt(change.work, {WorkKind.BUILD})
    if unknown is None or rewrite.rewritten(look, change):
        return
    table, name = look.name(), rewrite.name(look, constraint.name)
    needed = None if look.depth else _steps(look, change)
    known = look.table().complete
    yield look.finding(
        f"{table} is closed to reads and writes while the index of {name} is built",
        why=f"ADD PRIMARY KEY holds an ACCESS EXCLUSIVE lock on {table} while it reads and sorts all of its rows",
        advice=outside(look, "build a unique index CONCURRENTLY, then make the primary key of it"),
        fix=rewrite.steps([*rewrite.rest(look, change), *needed], same=known and rewrite.separable(look, change))
        if needed
        else None,
        unknown=unknown,
    )


def _steps(look: Look, change: Change) -> list[str] | None:
    assert change.constraint is not None
    built = rewrite.by_index(look, change, "PRIMARY KEY")
    if built is None:
        return None
    table = look.table()
    open_to_null = [item for item in change.constraint.columns if (found := table.column(item)) and found.nullable]
    return [*rewrite.not_null(look, open_to_null), *built]

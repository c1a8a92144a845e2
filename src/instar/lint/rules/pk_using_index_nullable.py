"""ADD PRIMARY KEY USING INDEX on a column that may be NULL reads the whole table while nobody else can use it.

The index is there already, but a primary key's columns are NOT NULL: PostgreSQL sets that too, and looks at every row
under the ACCESS EXCLUSIVE lock of the statement. Make the columns NOT NULL first, by a validated CHECK constraint.

Safe when: the columns are NOT NULL, or a validated CHECK proves it; the table is new, empty, or small by the live
catalog.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.effects import WorkKind
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("add constraint",)
SETUP = """
CREATE TABLE events (id bigint, note text);
CREATE UNIQUE INDEX pk_events ON events (id);
"""
BAD = "ALTER TABLE events ADD CONSTRAINT pk_events PRIMARY KEY USING INDEX pk_events;"
GOOD = """
ALTER TABLE events ADD CONSTRAINT chk_events_id_not_null CHECK (id IS NOT NULL) NOT VALID;
BEGIN;
ALTER TABLE events VALIDATE CONSTRAINT chk_events_id_not_null;
COMMIT;
BEGIN;
ALTER TABLE events ALTER COLUMN id SET NOT NULL;
ALTER TABLE events DROP CONSTRAINT chk_events_id_not_null;
ALTER TABLE events ADD CONSTRAINT pk_events PRIMARY KEY USING INDEX pk_events;
COMMIT;
"""
PROOF = Proof("work", "events")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag the hidden SET NOT NULL."""
    change = look.change
    assert change is not None
    constraint = change.constraint
    if constraint is None or constraint.kind is not ConstraintKind.PRIMARY_KEY or "using index" not in change.flags:
        return
    unknown = rewrite.doubt(change.work, {WorkKind.SCAN})
    if unknown is None or rewrite.idle(look):
        return
    table = look.table()
    columns = [item for item in constraint.columns if (found := table.column(item)) is None or found.nullable]
    shown = rewrite.names(look, columns) or "its columns"
    needed = [*rewrite.not_null(look, columns), look.effect.text]
    alone = len(look.effect.changes) == 1 and table.complete
    yield look.finding(
        f"{look.name()} is closed to reads and writes while {shown} is made NOT NULL",
        why=f"a primary key is NOT NULL: ADD PRIMARY KEY reads all of {look.name()} under an ACCESS EXCLUSIVE lock",
        advice=f"make {shown} NOT NULL first, proved by a validated constraint",
        fix=rewrite.steps(needed, same=alone) if columns and not look.depth else None,
        unknown=unknown,
    )

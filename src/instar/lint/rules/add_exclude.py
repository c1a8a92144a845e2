"""An EXCLUDE constraint stops reads and writes until its index is built, and there is no other way to add one.

ADD EXCLUDE takes an ACCESS EXCLUSIVE lock while it reads the whole table and builds the index; there is neither NOT
VALID nor USING INDEX for it. Where every operator is equality, a unique index does the same and can be built
CONCURRENTLY. Else make a new table with the constraint, copy the rows in batches, and swap the two; or do it in a
maintenance window.

Safe when: the table is new, empty, or small by the live catalog.
"""

import re
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
SETUP = "CREATE TABLE bookings (id bigint PRIMARY KEY, during int8range NOT NULL);"
BAD = "ALTER TABLE bookings ADD CONSTRAINT excl_bookings_during EXCLUDE USING gist (during WITH &&);"
GOOD = """
CREATE TABLE exclusive_bookings (
    id bigint PRIMARY KEY,
    during int8range NOT NULL,
    CONSTRAINT excl_exclusive_bookings_during EXCLUDE USING gist (during WITH &&)
);
"""
PROOF = Proof("work", "bookings")

_OPERATOR = re.compile(r"\bwith\s+(?:operator\s*\(\s*)?([^\s,()]+)", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag an exclusion constraint on a table that is in use."""
    change = look.change
    assert change is not None
    constraint = change.constraint
    if constraint is None or constraint.kind is not ConstraintKind.EXCLUDE or rewrite.idle(look):
        return
    unknown = rewrite.doubt(change.work, {WorkKind.BUILD})
    if unknown is None:
        return
    table, name = look.name(), rewrite.name(look, constraint.name)
    equality = set(_OPERATOR.findall(rewrite.body(look, change))) == {"="}
    advice = f"make a new table with {name}, copy the rows of {table} in batches, and swap the two"
    if equality:
        columns = rewrite.names(look, constraint.columns)
        advice = (
            f"where all operators are =, CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns}) does the same"
        )
    yield look.finding(
        f"{table} is closed to reads and writes while the index of {name} is built",
        why=f"ADD EXCLUDE holds an ACCESS EXCLUSIVE lock on {table} while it reads all of its rows",
        advice=advice,
        unknown=unknown,
    )

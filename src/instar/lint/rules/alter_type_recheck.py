"""A change of type that keeps the table, but checks a CHECK constraint again in every row while nobody can use it.

PostgreSQL drops and adds again every CHECK that mentions the column. That reads the whole table under an ACCESS
EXCLUSIVE lock, even when the type does not really change. A constraint that is NOT VALID stays so and costs nothing:
take it away and add it NOT VALID in the same ALTER TABLE, and validate it afterwards.

Safe when: no validated CHECK mentions the column; the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.catalog import Constraint, ConstraintKind
from instar.effects import Change, WorkKind
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("change type",)
SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50) CONSTRAINT chk_users_name CHECK (name <> ''));
"""
BAD = "ALTER TABLE users ALTER COLUMN name TYPE varchar(100);"
GOOD = """
ALTER TABLE users DROP CONSTRAINT chk_users_name, ALTER COLUMN name TYPE varchar(100),
    ADD CONSTRAINT chk_users_name CHECK (name <> '') NOT VALID;
BEGIN;
ALTER TABLE users VALIDATE CONSTRAINT chk_users_name;
COMMIT;
"""
PROOF = Proof("work", "users")


def check(look: Look) -> Iterator[Finding]:
    """Flag CHECKs that are verified again although the table is not written anew."""
    change = look.change
    assert change is not None
    scans = [item for item in change.work if item.kind is WorkKind.SCAN and "CHECK" in item.reason]
    rewritten = any(item.kind is WorkKind.REWRITE and not item.unknown for item in change.work)
    if rewritten or not scans or rewrite.idle(look):
        return
    table, column = look.name(), rewrite.name(look, change.name)
    checks = [] if scans[0].unknown else _checks(look, change)
    names = rewrite.names(look, [item.name for item in checks])
    may, what = ("may be", f"a CHECK on {column}") if scans[0].unknown else ("is", names)
    yield look.finding(
        f"{table} {may} closed to reads and writes while {what} is checked again in every row",
        why=f"a change of the type of {column} drops and adds each CHECK that mentions it, and reads all of {table}",
        advice="add the constraint NOT VALID in the same ALTER TABLE, and validate it in a transaction of its own",
        fix=_fix(look, checks),
        unknown=scans[0].unknown,
    )


def _checks(look: Look, change: Change) -> list[Constraint]:
    dropped = {item.name for item in look.effect.changes if item.kind == "drop constraint"}
    return [
        item
        for item in look.table().constraints
        if item.kind is ConstraintKind.CHECK
        and item.validated
        and change.name in item.columns
        and item.name not in dropped
    ]


def _fix(look: Look, checks: list[Constraint]) -> Fix | None:
    if look.depth or not checks or not all(item.expression for item in checks):
        return None
    drops = [f"DROP CONSTRAINT {rewrite.name(look, item.name)}" for item in checks]
    adds = [f"ADD CONSTRAINT {rewrite.name(look, item.name)} {_clause(item.expression)} NOT VALID" for item in checks]
    head = rewrite.head(look)
    body = look.effect.text[len(head) :].strip()
    whole = f"{head} {', '.join([*drops, body, *adds])}"
    validated = [f"{rewrite.head_plain(look)} VALIDATE CONSTRAINT {rewrite.name(look, item.name)}" for item in checks]
    return rewrite.steps([whole, *validated], same=False)


def _clause(expression: str) -> str:
    if expression.upper().startswith("CHECK"):
        return expression
    return f"CHECK {expression}" if expression.startswith("((") else f"CHECK ({expression})"

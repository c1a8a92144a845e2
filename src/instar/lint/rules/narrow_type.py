"""A narrower type rounds or refuses what the released application writes.

It still writes values of the old width: those that do not fit fail with every INSERT and UPDATE, or are rounded without
a word (a smaller scale, a timestamp that becomes a date), and then nothing brings the lost digits back. Release an
application that keeps to the new limit first; a CHECK says it without changing the type.

Safe when: the new type holds all values of the old one; this migration has created the table or the column.
"""

from collections.abc import Iterator

from instar.lint.around import made_here
from instar.lint.look import Look
from instar.lint.narrowing import narrowing
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("change type", "modify column")
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50));"
BAD = "ALTER TABLE users ALTER COLUMN name TYPE varchar(20);"
GOOD = "ALTER TABLE users ALTER COLUMN name TYPE varchar(100);"
PROOF = Proof("breaks", "INSERT INTO users (id, name) VALUES (-1, 'a name of more than twenty characters')")
_MODIFY = Example(
    SETUP,
    "ALTER TABLE users MODIFY COLUMN name varchar(20);",
    "ALTER TABLE users MODIFY COLUMN name varchar(100);",
    PROOF,
)
EXAMPLES = {"mysql": _MODIFY, "mariadb": _MODIFY}


def check(look: Look) -> Iterator[Finding]:
    """Flag a type that does not hold all values of the old one."""
    change = look.change
    if change is None or change.column is None:
        return
    old = change.old or look.table().column(change.name)
    lost = narrowing(old.type, change.column.type) if old else None
    if old is None or lost is None or made_here(look, change.relation, old.name) or _said(look):
        return
    table, column = look.name(), look.name(old.name)
    fate = "loses" if lost.silent or change.text else "refuses"
    yield look.finding(
        f"{table}.{column} {fate} {lost.what} once it is {change.column.type} instead of {old.type}",
        why=f"the released application may still write {lost.what} to {column}"
        + ("; what is lost in the rows that are there, no down brings back" if fate == "loses" else ""),
        advice=f"release an application that keeps to {change.column.type} first; "
        + (
            f"a CHECK on {column}, NOT VALID and validated later, limits it without changing its type"
            if look.dialect.name == "postgresql"
            else f"a CHECK on {column} limits what is written without changing its type"
        ),
    )


def _said(look: Look) -> bool:
    """Whether another change of the same statement is about the same: MODIFY is a new column and a new type."""
    change = look.change
    assert change is not None
    same = [item for item in look.effect.changes if item.kind in ON and item.relation == change.relation]
    return next(item for item in same if item.name == change.name) is not change

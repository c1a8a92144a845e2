"""ALTER TABLE that the server can only do by copying the table stops writes until the last row is copied.

MySQL and MariaDB have four ways: INSTANT changes the definition, NOCOPY and INPLACE let writes go on, COPY makes a new
table and copies row by row under a shared lock: every INSERT, UPDATE and DELETE waits (MariaDB 11.2 and newer let them
through). Which way it will be depends on the old definition; without ALGORITHM= the server picks it silently.

Safe when: the table is new in this migration, or the live catalog says that it is small.
"""

from collections.abc import Iterator

from instar.effects import LockMode
from instar.lint import online_ddl
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("mysql", "mariadb")
ON = (
    "add column", "drop column", "modify column", "convert charset", "rebuild table", "drop constraint", "drop index",
    "change partitions",
)  # fmt: skip
DOWN = True
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY, total INT, note VARCHAR(50)) DEFAULT CHARSET = utf8mb4;"
BAD = "ALTER TABLE orders MODIFY total BIGINT;"
GOOD = """
ALTER TABLE orders ADD COLUMN total_new BIGINT, ALGORITHM=INSTANT;
ALTER TABLE orders RENAME COLUMN total TO total_old, RENAME COLUMN total_new TO total, ALGORITHM=INPLACE;
"""
PROOF = Proof("algorithm", "INPLACE")

_ADVICE = {True: "leave ALGORITHM=COPY out", False: "make each change in a statement of its own"}


def check(look: Look) -> Iterator[Finding]:
    """Flag a copy of a table that has rows."""
    change, together = look.change, online_ddl.combined(look)
    work = together or online_ddl.rewrite(change)
    if change is None or work is None or not _copied(look) or look.new() or look.small():
        return
    if look.effect.error or online_ddl.listing(change) or (change.kind == "add column" and online_ddl.places(change)):
        return
    table = look.name()
    waits = online_ddl.writes_wait(change) or (together is not None and look.effect.locks[0].mode is LockMode.SHARE)
    yield look.finding(
        f"this may copy {table}" if work.unknown else f"this copies all of {table}",
        why=f"{work.reason or 'nothing cheaper can do it'}: "
        + (
            f"INSERT, UPDATE and DELETE on {table} wait until the copy is done"
            if waits
            else f"every row of {table} is written twice, and replicas lag behind"
        ),
        advice=_ADVICE["algorithm=copy" in change.flags]
        if together is not None
        else "add a column of the new type, fill it in batches while a trigger keeps it in step, then swap the names"
        if change.kind == "modify column"
        else "copy in batches into a new table while triggers keep it in step, then swap the names",
        fix=_fix(look) if together is None else None,
        unknown=work.unknown,
    )


def _copied(look: Look) -> bool:
    if online_ddl.combined(look) is not None:
        return look.effect.algorithm == "COPY"
    return look.change is not None and online_ddl.copies(look.change)


def _fix(look: Look) -> Fix | None:
    change = look.change
    if change is None or change.column is None or change.kind != "modify column" or look.depth:
        return None
    table, name = look.name(), look.name(change.old.name if change.old is not None else change.name)
    new, old = look.name(f"{name.strip('`')}_new"), look.name(f"{name.strip('`')}_old")
    key = next((index.columns[0] for index in look.table().indexes if index.primary and index.columns), "id")
    return Fix(
        f"ALTER TABLE {table} ADD COLUMN {new} {change.column.type}, ALGORITHM=INSTANT;\n"
        f"-- in batches, while triggers on INSERT and UPDATE set {new} as well:\n"
        f"UPDATE {table} SET {new} = {name} WHERE {new} IS NULL ORDER BY {look.name(key)} LIMIT 1000;\n"
        f"ALTER TABLE {table} RENAME COLUMN {name} TO {old}, RENAME COLUMN {new} TO {name};\n"
        f"-- when no release reads it any more:\nALTER TABLE {table} DROP COLUMN {old};"
    )

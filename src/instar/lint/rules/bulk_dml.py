"""UPDATE or DELETE of a large part of a table in one statement locks all these rows until it has committed.

Writers of any of the rows wait for the whole of it; the table grows by a version of every row; replicas fall behind;
and a failure at the end undoes everything. Change a few thousand rows at a time, each batch in a transaction of its
own.

Safe when: the condition compares with a value, a list or a range; the table is new, or (with the live catalog) small.
Where the catalog knows the table to be large, that is not enough: then the condition must name a unique key, or both
ends of a range. How many rows any other takes is not known, and that is said.
"""

import re
from collections.abc import Iterator

from instar.lint.around import made_here
from instar.lint.conditions import bare, every_row, few, selective
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("update", "delete", "merge")
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));"
BAD = """ALTER TABLE users ADD COLUMN email_normalized varchar(255);
COMMIT;
UPDATE users SET email_normalized = lower(email);
"""
GOOD = """ALTER TABLE users ADD COLUMN email_normalized varchar(255);
COMMIT;
UPDATE users SET email_normalized = lower(email) WHERE id BETWEEN 1 AND 1000;
COMMIT;
UPDATE users SET email_normalized = lower(email) WHERE id BETWEEN 1001 AND 2000;
"""
PROOF = Proof("shows", "SELECT 1 FROM users HAVING count(DISTINCT xmin::text) = 1")
_LATER = Example(
    SETUP,
    BAD.replace("COMMIT;\n", ""),
    GOOD.replace("COMMIT;\n", ""),
    Proof("style"),
)
EXAMPLES = dict.fromkeys(("mysql", "mariadb", "sqlite"), _LATER)


def check(look: Look) -> Iterator[Finding]:
    """Flag a statement that takes most of a table that is in use."""
    change = look.change
    if change is None or look.effect.in_loop or look.new() or look.small():
        return
    if "join" in change.flags and "where" not in change.flags:
        return  # MySQL and MariaDB: what ON chooses is not read.
    if "limit" in change.flags or _from_a_list(look) or (change.kind == "merge" and not _merges(look)):
        return
    whole = change.kind != "merge" and every_row(change, look.table())
    if whole and not _fills_new_column(look):
        return  # update-without-where and delete-without-where say more of it.
    rows = look.table().rows
    if not whole and selective(change.text) and (rows is None or few(change.text, look.table())):
        return
    table = look.name()
    verb = "deletes" if change.kind == "delete" or "delete" in change.flags else "changes"
    known = whole or (rows is not None and not selective(change.text))
    size = f" of about {int(rows):,}" if rows else ""
    yield look.finding(
        f"one statement {verb} {'every row' if whole else 'whatever it finds'} of {table}{size}",
        why=f"writers of any of these rows of {table} wait until all of it has committed, replicas fall behind, and a "
        "failure at the end undoes everything",
        advice="change a few thousand rows at a time, by ranges of the key, each in a transaction of its own",
        unknown="" if known else f"how many rows of {table} match",
    )


def _merges(look: Look) -> bool:
    """Whether a MERGE changes or deletes rows that it finds by those of another table that is not small."""
    change = look.change
    assert change is not None
    others = [key for key in change.others if not look.new(key) and not look.small(key)]
    return bool(change.flags & {"update", "delete"} and others)


def _fills_new_column(look: Look) -> bool:
    change = look.change
    assert change is not None
    return bool(change.columns) and all(made_here(look, change.relation, item) for item in change.columns)


def _from_a_list(look: Look) -> bool:
    """Whether the rows are those of a list in the statement: UPDATE ... FROM (VALUES ...)."""
    change = look.change
    assert change is not None
    return (
        "from" in change.flags
        and not change.others
        and bool(re.search(r"\bvalues\b", bare(look.effect.text), re.IGNORECASE))
    )

"""DROP TABLE while foreign keys are on deletes the rows that reference the table with ON DELETE CASCADE.

SQLite deletes all rows of a table before it drops it, and the actions of foreign keys fire: CASCADE deletes, SET NULL
clears. A table that is rebuilt (new table, copy, drop, rename) thereby loses the rows of others, without an error.
`PRAGMA foreign_keys = OFF` before the transaction prevents that; inside one it does nothing.

Safe when: foreign keys are off, which they are in a new connection; no other table references it with such an action.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.ERROR
DIALECTS = ("sqlite",)
ON = ("drop table",)
DOWN = True
SETUP = """CREATE TABLE loans (id INTEGER PRIMARY KEY, due_on TEXT);
CREATE TABLE loan_events (id INTEGER PRIMARY KEY, loan_id INT REFERENCES loans (id) ON DELETE CASCADE);"""
ROWS = "INSERT INTO loans VALUES (1, NULL); INSERT INTO loan_events VALUES (1, 1);"
_REBUILD = """CREATE TABLE loans_new (id INTEGER PRIMARY KEY, due_on TEXT NOT NULL);
INSERT INTO loans_new SELECT id, coalesce(due_on, '2030-01-01') FROM loans;
DROP TABLE loans;
ALTER TABLE loans_new RENAME TO loans;"""
BAD = f"PRAGMA foreign_keys = ON;\n{_REBUILD}"
GOOD = f"PRAGMA foreign_keys = OFF;\n{_REBUILD}\nPRAGMA foreign_keys = ON;"
PROOF = Proof("changes", "SELECT count(*) FROM loan_events")


def check(look: Look) -> Iterator[Finding]:
    """Flag a drop that reaches other tables."""
    change = look.change
    if change is None or look.new() or not _enforced(look):
        return
    reached = {
        other.name: key.on_delete
        for other, key in look.schema.referencing(change.relation)
        if key.on_delete in {"cascade", "set null", "set default"} and other.name != change.relation
    }
    for other, action in reached.items():
        what = "deletes the rows" if action == "cascade" else "clears the references"
        yield look.finding(
            f"dropping {look.name()} {what} of {look.name(other)}",
            why=f"foreign keys are on, and SQLite deletes every row of {look.name()} first: "
            f"ON DELETE {action.upper()} of {look.name(other)} fires",
            advice="write PRAGMA foreign_keys = OFF before it, outside the transaction, and ON again afterwards",
        )


def _enforced(look: Look) -> bool:
    """Whether foreign keys are on: what the section has said last, else what the session had before it."""
    said = [
        change.text for effect in look.unit.effects for change in effect.changes
        if change.kind == "pragma" and change.name == "foreign_keys" and change.text
    ]  # fmt: skip
    if said:
        return said[-1] in {"on", "1", "true", "yes"}
    return look.change is not None and "foreign keys on" in look.change.flags

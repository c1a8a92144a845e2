"""A new CHECK, UNIQUE, NOT NULL or foreign key rejects writes of the released application that were fine until now.

NOT VALID spares the rows that are there, not the next INSERT. Make sure that the released application already keeps to
the rule. Off by default: every constraint that is ever added does this, and whether the application keeps to it
cannot be seen here.

Safe when: this migration has created the table.
"""

from collections.abc import Iterator

from instar.effects import Change
from instar.lint.around import made_here
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("add constraint", "set not null", "create index")
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2));"
BAD = "ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total >= 0);"
GOOD = "ALTER TABLE orders ADD COLUMN note text;"
PROOF = Proof("breaks", "INSERT INTO orders (id, total) VALUES (-1, -1)")


def check(look: Look) -> Iterator[Finding]:
    """Flag a restriction on a table that is in use."""
    change = look.change
    if change is None or change.relation in look.unit.created or "using index" in change.flags:
        return
    if change.kind == "create index" and not (change.index and change.index.unique):
        return
    columns = _columns(change)
    if columns and all(made_here(look, change.relation, item) for item in columns):
        return
    table = look.name()
    yield look.finding(
        f"writes to {table} that were fine until now are rejected",
        why=f"INSERT and UPDATE of the released application on {table} fail where they do not keep to it",
        advice=f"make sure that the released application writes nothing to {table} that this rejects",
    )


def _columns(change: Change) -> tuple[str, ...]:
    if change.constraint is not None:
        return change.constraint.columns
    return change.index.columns if change.index is not None else (change.name,)

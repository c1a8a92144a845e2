"""RENAME TABLE breaks the released application: it asks for the old name.

Put a view under the old name in the same transaction. A view that only shows a table's columns takes INSERT, UPDATE and
DELETE, so the released application does not notice. Drop the view in a later migration, when no release uses
the old name. On PostgreSQL a view has rights of its own: see `view-without-grants`.

Safe when: this migration has created the table; a view with the old name follows in the same transaction, or another
table takes it.
"""

from collections.abc import Iterator

from instar.lint.around import ahead, listed, referrers
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Fix, Severity

GROUP = "compatibility"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("rename table",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2));"
BAD = "ALTER TABLE orders RENAME TO purchases;"
GOOD = """ALTER TABLE orders RENAME TO purchases;
CREATE VIEW orders AS SELECT * FROM purchases;
GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO CURRENT_USER;
"""
PROOF = Proof("breaks", "INSERT INTO orders (id, total) VALUES (-1, 10)")
_VIEW = "ALTER TABLE orders RENAME TO purchases;\nCREATE VIEW orders AS SELECT * FROM purchases;\n"
EXAMPLES = {
    name: Example(SETUP, BAD, _VIEW, Proof("breaks", "SELECT total FROM orders"))
    for name in ("mysql", "mariadb", "sqlite")
}


def check(look: Look) -> Iterator[Finding]:
    """Flag a name that a released application uses."""
    change = look.change
    if change is None or change.relation in look.unit.created or _bridged(look):
        return
    if "sequence" in {look.table().kind, *change.flags}:
        return
    old, new = look.name(), look.name(change.new_name)
    keys = referrers(look, change.relation)
    yield look.finding(
        f"the released application asks for {old}, which is called {new} from now on",
        why=f"every query of it on {old} fails until the next release runs everywhere"
        + (f"; the foreign keys of {listed(keys)} follow by themselves" if keys else ""),
        advice=f"put a view called {old} in its place, in the same transaction, with the rights of the table",
        fix=_with_view(look, old, new),
    )


def _bridged(look: Look) -> bool:
    """Whether a view (or another table) takes the old name, in the same transaction where there is one."""
    change = look.change
    assert change is not None
    return any(
        (item.kind in {"create view", "create table"} and item.relation == change.relation)
        or (item.kind == "rename table" and item.new_name == change.relation)
        for index, effect in ahead(look)
        if look.unit.segments[index] == look.unit.segments[look.index] or not look.dialect.transactional_ddl
        for item in effect.changes
    )


def _with_view(look: Look, old: str, new: str) -> Fix | None:
    if look.depth:
        return None
    return Fix(
        f"{look.effect.text};\n"
        f"CREATE VIEW {old} AS SELECT * FROM {new};\n"
        f"-- GRANT on {old} what the application's role was granted on the table"
    )

"""A view that takes a table's place has no rights of its own: roles other than the owner lose access.

After `ALTER TABLE ... RENAME TO`, the GRANTs stay with the table under its new name. The view that answers to the old
name begins with none, so the application's role gets "permission denied for view".

Safe when: a GRANT on the view follows in the same transaction; the application connects as the owner, which a comment
`-- instar:ignore view-without-grants: reason` may say.
"""

from collections.abc import Iterator

from instar.lint.around import ahead
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "compatibility"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("create view",)
SETUP = """CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2));
GRANT SELECT, INSERT ON orders TO PUBLIC;
"""
BAD = """ALTER TABLE orders RENAME TO purchases;
CREATE VIEW orders AS SELECT * FROM purchases;
"""
GOOD = """ALTER TABLE orders RENAME TO purchases;
CREATE VIEW orders AS SELECT * FROM purchases;
GRANT SELECT, INSERT ON orders TO PUBLIC;
"""
PROOF = Proof("shows", "SELECT relname FROM pg_class WHERE relname = 'orders' AND relkind = 'v' AND relacl IS NULL")


def check(look: Look) -> Iterator[Finding]:
    """Flag a view under a table's former name without a GRANT."""
    change = look.change
    if change is None or not _renamed(look) or _granted(look):
        return
    view = look.name()
    yield look.finding(
        f"the view {view} takes the table's place, but not its rights",
        why=f'a role that was granted {view}, and does not own it, gets "permission denied for view {view}"',
        advice=f"GRANT on {view} what the application's role was granted on the table, in the same transaction",
        fix=Fix(f"{look.effect.text};\nGRANT SELECT, INSERT, UPDATE, DELETE ON {view} TO application;"),
    )


def _renamed(look: Look) -> bool:
    change = look.change
    assert change is not None
    return any(
        item.kind == "rename table" and item.relation == change.relation and item.relation not in look.unit.created
        for effect in look.unit.effects
        for item in effect.changes
    )


def _granted(look: Look) -> bool:
    change = look.change
    assert change is not None
    return any(
        item.kind in {"grant", "default privileges"} and change.relation in {item.relation, item.name, *item.others}
        for _, effect in ahead(look)
        for item in effect.changes
    )

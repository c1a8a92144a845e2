"""Dropping a foreign key or a CHECK lets rows in that nothing has looked at.

What is written from then on need not keep to it, and to add it again later all rows have to be right. Off by default:
the end of many safe recipes is to drop a CHECK that has done its work.

Safe when: the table goes as well; a constraint of the same kind on the same columns is there, or follows.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.lint.around import ahead
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("drop constraint",)
SETUP = """CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint,
    CONSTRAINT fk_orders_user_id FOREIGN KEY (user_id) REFERENCES users (id));
"""
BAD = "ALTER TABLE orders DROP CONSTRAINT fk_orders_user_id;"
GOOD = """ALTER TABLE orders ADD CONSTRAINT fk_orders_user FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE orders DROP CONSTRAINT fk_orders_user_id;
"""
PROOF = Proof(
    "shows",
    "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'f')",
)
_THERE = Proof(
    "shows",
    "SELECT 1 FROM dual WHERE NOT EXISTS (SELECT * FROM information_schema.referential_constraints "
    "WHERE constraint_schema = database() AND table_name = 'orders')",
)
EXAMPLES = {name: Example(SETUP, BAD, GOOD, _THERE) for name in ("mysql", "mariadb")}

_KINDS = {ConstraintKind.FOREIGN_KEY: "foreign key", ConstraintKind.CHECK: "check"}


def check(look: Look) -> Iterator[Finding]:
    """Flag a constraint that nothing takes the place of."""
    change = look.change
    if change is None or change.relation in look.unit.created:
        return
    table = look.table()
    lost = table.constraint(change.name)
    if lost is None or lost.kind not in _KINDS:
        return
    same = [item for item in table.constraints if item.kind is lost.kind and item.columns == lost.columns]
    follow = (item.constraint for _, effect in ahead(look) for item in effect.changes if item.relation == table.name)
    if len(same) > 1 or any(item and item.kind is lost.kind and item.columns == lost.columns for item in follow):
        return
    yield look.finding(
        f"nothing checks ({', '.join(lost.columns)}) of {look.name()} any more once {lost.name} is dropped",
        why=f"rows get in that the {_KINDS[lost.kind]} would refuse; to add it again, all of them have to be right",
        advice=f"add what takes the place of {lost.name} first",
    )

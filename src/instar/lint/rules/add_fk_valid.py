"""A foreign key that is added in one step reads both tables while nobody can write to either.

ADD FOREIGN KEY takes a SHARE ROW EXCLUSIVE lock on the table and on the one that it references, and holds both while
it looks for every row's parent: INSERT, UPDATE and DELETE on both wait. Added NOT VALID it holds for new rows at once
and reads nothing; VALIDATE CONSTRAINT then reads the tables under locks that stop nobody. The two must not share a
transaction. The first step still waits for both locks, and makes others wait behind it: keep lock_timeout short.

Before PostgreSQL 18 a partitioned table takes no NOT VALID foreign key: add it to each partition NOT VALID, validate
these, then add it to the partitioned table, which takes over what it finds.

Safe when: NOT VALID, NOT ENFORCED (PostgreSQL 18); the referencing table is new, empty, or small by the live catalog;
a new column without a default, which refers to nothing.
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
ON = ("add constraint",)
SETUP = """
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);
"""
BAD = """
ALTER TABLE orders ADD CONSTRAINT fk_orders_customer_id FOREIGN KEY (customer_id) REFERENCES customers (id);
"""
GOOD = """
ALTER TABLE orders ADD CONSTRAINT fk_orders_customer_id FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
BEGIN;
ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_customer_id;
COMMIT;
"""
PROOF = Proof("work", "orders")
FIXED = True

_PARTITIONED_NOT_VALID = 18


def check(look: Look) -> Iterator[Finding]:
    """Flag a foreign key that is verified when it is added."""
    change = look.change
    assert change is not None
    constraint = change.constraint
    if constraint is None or constraint.kind is not ConstraintKind.FOREIGN_KEY or rewrite.idle(look):
        return
    unknown = rewrite.doubt(change.work, {WorkKind.SCAN})
    if unknown is None:
        return
    table, other = look.name(), look.name(constraint.references)
    name = rewrite.name(look, constraint.name)
    both = table if table == other else f"{table} and {other}"
    yield look.finding(
        f"writes to {both} wait while every row of {table} is checked",
        why=f"ADD FOREIGN KEY holds a SHARE ROW EXCLUSIVE lock on {both} while it reads the rows",
        advice=f"add {name} NOT VALID, then validate it in a transaction of its own",
        fix=_fix(look, change, constraint),
        unknown=unknown,
    )


def _fix(look: Look, change: Change, constraint: Constraint) -> Fix | None:
    if look.depth:
        return None
    name, clause = rewrite.name(look, constraint.name), rewrite.body(look, change)
    if rewrite.inline(look, change) is not None:
        clause = f"FOREIGN KEY ({rewrite.names(look, constraint.columns)}) {clause}"
    if look.table().kind == "partitioned" and look.version < _PARTITIONED_NOT_VALID:
        return _by_partition(look, name, clause)
    start = rewrite.head_plain(look)
    needed = [f"{start} ADD CONSTRAINT {name} {clause} NOT VALID", f"{start} VALIDATE CONSTRAINT {name}"]
    known = constraint.named or look.table().complete
    return rewrite.steps([*rewrite.rest(look, change), *needed], same=known and rewrite.separable(look, change))


def _by_partition(look: Look, name: str, clause: str) -> Fix | None:
    """Add it to the partitions first; the partitioned table then takes their constraints over."""
    leaves = [item for item in look.schema.children(look.table().name) if item.kind == "table"]
    if not leaves:
        return None
    needed: list[str] = []
    for leaf in leaves:
        start = f"ALTER TABLE {look.name(leaf.name)}"
        needed += [f"{start} ADD CONSTRAINT {name} {clause} NOT VALID", f"{start} VALIDATE CONSTRAINT {name}"]
    return rewrite.steps([*needed, f"{rewrite.head_plain(look)} ADD CONSTRAINT {name} {clause}"], same=False)

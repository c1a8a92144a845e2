"""A foreign key whose column has another type than the column that it references.

An int column that references a bigint key fails with the first key above 2,147,483,647, long after anyone remembers it.
A column of another text length takes keys that it can hold, or refuses others. Give both the same type.

Safe when: the types are the same, but for their length; one is a domain over the other.
"""

from collections.abc import Iterator

from instar.catalog import Constraint, ConstraintKind, Table
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("create table", "add constraint", "add column")
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY);"
BAD = "CREATE TABLE orders (id bigint PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id));"
GOOD = "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id));"
PROOF = Proof(
    "shows",
    "SELECT conname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
    "JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = c.confkey[1] "
    "WHERE c.contype = 'f' AND a.atttypid <> p.atttypid",
)


def check(look: Look) -> Iterator[Finding]:
    """Flag pairs of columns whose types differ."""
    change = look.change
    if change is None:
        return
    own = change.table or look.table()
    found = [change.constraint] if change.constraint is not None else []
    found += change.table.constraints if change.table is not None and "partition of" not in change.flags else ()
    for key in found:
        if key.kind is not ConstraintKind.FOREIGN_KEY:
            continue
        parent = change.table if change.table is not None and key.references == own.name else look.table(key.references)
        for name, other in zip(key.columns, _referenced(key, parent), strict=False):
            here = change.column if change.column is not None and change.column.name == name else own.column(name)
            there = parent.column(other)
            if here is None or there is None or not _differ(look, here.type, there.type):
                continue
            mine = f"{look.name(own.name)}.{look.name(name)}"
            theirs = f"{look.name(parent.name)}.{look.name(other)}"
            yield look.finding(
                f"{mine} is {here.type}, {theirs}, which it references, is {there.type}",
                why=f"a key of {theirs} that {here.type} cannot hold can never be referenced",
                advice=f"make {mine} {there.type}",
            )


def _referenced(key: Constraint, parent: Table) -> tuple[str, ...]:
    if key.referenced:
        return key.referenced
    primary = (item.columns for item in parent.constraints if item.kind is ConstraintKind.PRIMARY_KEY)
    return next(primary, ())


def _differ(look: Look, here: str, there: str) -> bool:
    return bool(here and there) and _base(look, here) != _base(look, there)


def _base(look: Look, kind: str) -> str:
    known = look.schema.types.get(kind)
    seen = {kind}
    while known is not None and known.kind == "domain" and known.base and known.base not in seen:
        kind = known.base
        seen.add(kind)
        known = look.schema.types.get(kind)
    name = kind.partition("(")[0].strip()
    return "text" if name in {"varchar", "text", "bpchar"} else name

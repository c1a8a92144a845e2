"""A constraint has no name of its own.

The server makes one up. Whoever drops the constraint later has to look the name up first, and finds another one where
the table was made by other means; on MySQL the name is a counter (`orders_ibfk_1`). The name also stands in the error
that a write gives. Standards: every constraint is named.

Safe when: it is a PRIMARY KEY or NOT NULL: the names that servers give them are known beforehand (`users_pkey`).
"""

import re
from collections.abc import Iterator

from instar.catalog import Constraint, ConstraintKind
from instar.lint import naming
from instar.lint.around import at, tables_made
from instar.lint.look import Look
from instar.lint.naming import added
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "naming"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("migration", "add constraint")
NEEDS = frozenset({"create table", "create table as"})
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100) NOT NULL);"
BAD = "ALTER TABLE users ADD UNIQUE (email);"
GOOD = "ALTER TABLE users ADD CONSTRAINT uk_users_email UNIQUE (email);"
PROOF = Proof("style")

_KNOWN = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.NOT_NULL})
_ADD = re.compile(r"add\s+", re.IGNORECASE)
_WORDS = {
    ConstraintKind.CHECK: "check",
    ConstraintKind.FOREIGN_KEY: "foreign key",
    ConstraintKind.UNIQUE: "unique constraint",
    ConstraintKind.EXCLUDE: "exclusion constraint",
}


def check(look: Look) -> Iterator[Finding]:
    """Flag new constraints without a name."""
    change = look.change
    if change is not None:
        if change.constraint is not None:
            yield from _judged(look, change.constraint, change.relation)
        return
    for index, effect, made_by, table in tables_made(look):
        if made_by.kind == "create table" and not table.parent:
            with at(look, index, effect, made_by):
                for item in table.constraints:
                    found = list(_judged(look, item, table.name))
                    if found and item.name not in added(look, table.name, "add constraint"):
                        yield from found


def _judged(look: Look, item: Constraint, table: str) -> Iterator[Finding]:
    if item.named or item.kind in _KNOWN:
        return
    name = naming.for_constraint(naming.settings(look), item, table)
    columns = ", ".join(item.columns)
    on = f" on {columns}" if columns else ""
    yield look.finding(
        f"the {_WORDS[item.kind]} of {look.name(table)}{on} has no name",
        why=f"the server calls it {naming.bare(item.name)}" if item.name else "the server makes one up",
        advice=f"CONSTRAINT {name} in front of it names it" if name else "name it: CONSTRAINT name in front of it",
        fix=_fix(look, name) if name else None,
        relation=table,
    )


def _fix(look: Look, name: str) -> Fix | None:
    """Return ALTER TABLE with the name in it; what stands inside CREATE TABLE is left to its author."""
    change, text = look.change, look.effect.text
    if change is None or change.kind != "add constraint" or look.depth or not change.end:
        return None
    add = _ADD.match(text, change.start)
    place = add.end() if add else change.start
    return Fix(f"{text[:place]}CONSTRAINT {look.name(name)} {text[place:]};")

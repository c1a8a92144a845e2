"""A constraint has no name of its own.

The server makes one up. Whoever drops the constraint later has to look the name up first, and finds another one where
the table was made by other means; on MySQL the name is a counter (`orders_ibfk_1`). The name also stands in the error
that a write gives. Standards: every constraint is named. Of a new table this is said once.

Safe when: it is a PRIMARY KEY or NOT NULL: the names that servers give them are known beforehand (`users_pkey`).
"""

import re
from collections.abc import Iterator, Sequence

from instar.catalog import Constraint, ConstraintKind
from instar.lint import naming
from instar.lint.around import at, shortened, tables_made
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
            unnamed = [item for item in table.constraints if _unnamed(item)]
            later = added(look, table.name, "add constraint") if unnamed else set()
            unnamed = [item for item in unnamed if item.name not in later]
            with at(look, index, effect, made_by):
                yield from (
                    _several(look, unnamed, table.name)
                    if unnamed[1:]
                    else (finding for item in unnamed for finding in _judged(look, item, table.name))
                )


def _unnamed(item: Constraint) -> bool:
    return not item.named and item.kind not in _KNOWN


def _several(look: Look, items: Sequence[Constraint], table: str) -> Iterator[Finding]:
    said = [f"the {_WORDS[item.kind]}{_on(item)}" for item in items]
    names = [naming.for_constraint(look.options.naming, item, table) for item in items]
    yield look.finding(
        f"{len(items)} constraints of {look.name(table)} have no name: {shortened(said)}",
        why="the server makes their names up",
        advice=f"CONSTRAINT with a name in front of each names it: {shortened(names)}"
        if all(names)
        else "name them: CONSTRAINT name in front of each",
        relation=table,
    )


def _on(item: Constraint) -> str:
    return f" on {', '.join(item.columns)}" if item.columns else ""


def _judged(look: Look, item: Constraint, table: str) -> Iterator[Finding]:
    if not _unnamed(item):
        return
    name = naming.for_constraint(look.options.naming, item, table)
    yield look.finding(
        f"the {_WORDS[item.kind]} of {look.name(table)}{_on(item)} has no name",
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

"""A column's name is not snake_case.

A name that is not lower case must be quoted in every query for ever. Standards: snake_case. Only columns that this
migration adds or renames are judged, and not those that it makes anew under their old names.

Safe when: the name fits `column` under `[naming]` in instar.toml, or is one of `exceptions`; it is a reserved word
with an underscore behind it (`when_`), which needs no quotes.
"""

import re
from collections.abc import Iterator

from instar.config.tables import Naming
from instar.lint import naming
from instar.lint.around import at, tables_made
from instar.lint.look import Look
from instar.lint.naming import added
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "naming"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration", "add column", "rename column")
NEEDS = frozenset({"create table", "create table as"})
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY);"
BAD = 'ALTER TABLE users ADD COLUMN "emailVerifiedAt" timestamp;'
GOOD = "ALTER TABLE users ADD COLUMN email_verified_at timestamp;"
PROOF = Proof("style")
_SNAKE = Naming().column
_MYSQL = Example(SETUP, "ALTER TABLE users ADD COLUMN `emailVerifiedAt` timestamp;", GOOD, PROOF)
EXAMPLES = {"mysql": _MYSQL, "mariadb": _MYSQL}


def check(look: Look) -> Iterator[Finding]:
    """Flag names of new and of renamed columns."""
    change = look.change
    if change is not None:
        name = change.new_name if change.kind == "rename column" else change.name
        if name:
            yield from _judged(look, name, change.relation)
        return
    for index, effect, made_by, table in tables_made(look):
        if made_by.kind == "create table" and not table.parent:
            with at(look, index, effect, made_by):
                for column in table.columns:
                    found = list(_judged(look, column.name, table.name))
                    if found and column.name not in _later(look, table.name):
                        yield from found


def _later(look: Look, table: str) -> set[str]:
    """Return the columns that statements of their own add or rename: they are judged there."""
    return added(look, table, "add column") | added(look, table, "rename column")


def _judged(look: Look, name: str, table: str) -> Iterator[Finding]:
    rules = look.options.naming
    if not rules.column or naming.excepted(name, rules) or re.fullmatch(rules.column, name):
        return
    if naming.dodges(look, name) or naming.was_there(look, name, table):
        return
    good, place = naming.snake(name), look.effect.text.find(name)
    yield look.finding(
        f"the column {look.name(table)}.{look.name(name)} is not named {naming.like(rules.column, _SNAKE)}",
        why=naming.quoted(look, name),
        advice=f"call it {good}" if re.fullmatch(rules.column, good) else "",
        relation=table,
        start=place if place >= 0 else None,
        end=place + len(name) if place >= 0 else None,
    )

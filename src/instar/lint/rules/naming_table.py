"""A table's name is not snake_case and plural.

Names that are not lower case must be quoted in every query for ever; and where some tables are singular and some
plural, everybody has to look the name up. Standards: snake_case, plural nouns. Only tables that this migration creates
or renames are judged. That a name is singular weighs less than that it must be quoted: it is only mentioned, unless the
configuration gives this rule a weight. A table that is made anew keeps its name.

Safe when: the name fits `table` under `[naming]` in instar.toml and its last word is an English plural
(`plural = false` turns that off), or the name is one of `exceptions`. A reserved word may have an underscore behind it.
"""

import re
from collections.abc import Iterator

from instar.config.tables import Naming
from instar.effects import Change
from instar.lint import naming
from instar.lint.around import at, tables_made
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "naming"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration", "rename table")
NEEDS = frozenset({"create table", "create table as"})
SETUP = ""
BAD = 'CREATE TABLE "UserPreference" (id bigint PRIMARY KEY);'
GOOD = "CREATE TABLE user_preferences (id bigint PRIMARY KEY);"
PROOF = Proof("style")
_MYSQL = Example(SETUP, "CREATE TABLE `UserPreference` (id bigint PRIMARY KEY);", GOOD, PROOF)
EXAMPLES = {"mysql": _MYSQL, "mariadb": _MYSQL}

_SNAKE = Naming().table
_KINDS = frozenset({"table", "partitioned"})
_OTHERS = frozenset({"sequence", "view", "matview", "index", "foreign_table"})
"""Flags of a rename that is not of a table."""


def check(look: Look) -> Iterator[Finding]:
    """Flag names of new and of renamed tables."""
    if look.change is not None:
        made = look.change.new_name
        if made and look.table().kind in _KINDS and not look.change.flags & _OTHERS and not _anew(look, made):
            yield from _judged(look, made, look.change)
        return
    for index, effect, change, table in tables_made(look):
        with at(look, index, effect, change):
            if table.kind in _KINDS and not table.parent and not _anew(look, table.name):
                yield from _judged(look, table.name, change)


def _anew(look: Look, key: str) -> bool:
    """Whether the table was there before the migration under the same name."""
    before = look.unit.before.get(key)
    return before is not None and before.created != look.migration.version


def _judged(look: Look, key: str, change: Change) -> Iterator[Finding]:
    rules, name = look.options.naming, naming.bare(key)
    if not rules.table or naming.excepted(name, rules):
        return
    if not re.fullmatch(rules.table, name) and not naming.dodges(look, name):
        good = naming.snake(name)
        good = naming.plural(good, rules) if rules.plural else good
        yield look.finding(
            f"the table {look.name(key)} is not named {naming.like(rules.table, _SNAKE)}",
            why=naming.quoted(look, name),
            advice=f"call it {good}" if re.fullmatch(rules.table, good) else "",
            relation=change.relation,
        )
    elif rules.plural and (many := naming.plural(name, rules)) != name:
        said = look.options.severities
        weighs = look.severity if "naming-table" in said or GROUP in said else Severity.INFO
        yield look.finding(
            f"the table {name} is not named with a plural noun",
            advice=_other_name(look, name, many),
            severity=weighs,
            relation=change.relation,
        )


def _other_name(look: Look, name: str, many: str) -> str:
    excepted = f"put {name} into exceptions under [naming]"
    if look.schema.table(look.schema.key("", many)) is not None:
        return f"{excepted}: {many} is another table"
    return f"call it {many}, or {excepted}"

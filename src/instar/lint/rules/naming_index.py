"""An index is not named by the project's template: `idx_{table}_{columns}`.

Who reads a plan or a list of indexes sees the table and the columns in the name, or has to look each one up. Standards:
idx_table_column(s). The columns may be followed by a word that says what is special (`idx_users_email_lower`), and may
be abbreviated to words of theirs (`idx_orders_user_status`); the prefix and the table must be there. Only indexes that
this migration creates or renames are judged, and not those that carry a constraint.

Safe when: the name fits `index` under `[naming]` in instar.toml (an empty text: anything does), or is one of
`exceptions`; it is one that the server would have chosen (PostgreSQL: `users_email_idx`); it was there
before this migration, which makes the index anew; a later statement makes a constraint of the index, which gives it
that name.
"""

import re
from collections.abc import Iterator

from instar.catalog import Index
from instar.lint import naming
from instar.lint.around import at, tables_made
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "naming"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration", "create index")
NEEDS = frozenset({"create table", "create table as"})
SETUP = ""
BAD = """
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100));
CREATE INDEX by_email ON users (email);
"""
GOOD = """
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100));
CREATE INDEX idx_users_email ON users (email);
"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag names of new indexes."""
    if look.change is not None:
        if look.change.index is not None and look.change.index.name:
            yield from _judged(look, look.change.index, look.change.relation)
        return
    for number, effect, change, table in tables_made(look):
        inside = [item for item in table.indexes if not (item.constraint or item.primary or item.unique)]
        created = naming.added(look, table.name, "create index") if inside else set()
        with at(look, number, effect, change):
            for index in inside:
                within = re.search(rf"(?<!\w){re.escape(naming.bare(index.name))}(?!\w)", effect.text)
                if within and index.name not in created:
                    yield from _judged(look, index, table.name)


def _judged(look: Look, index: Index, table: str) -> Iterator[Finding]:
    rules, name = look.options.naming, naming.bare(index.name)
    if not rules.index or naming.excepted(name, rules) or naming.automatic(look, name, table):
        return
    if naming.was_there(look, name) or _becomes_constraint(look, name):
        return
    if naming.fits(name, rules.index, table, index.columns, uses=index.uses):
        return
    if index.unique and rules.unique and naming.fits(name, rules.unique, table, index.columns, uses=index.uses):
        return
    good = naming.proposed(rules.index, table, [*index.columns, *([] if any(index.columns) else sorted(index.uses))])
    free = naming.free(look, good, table)
    written = re.compile(rf'(?<![\w"]){re.escape(look.name(name))}(?![\w"])')
    place = written.search(look.effect.text)
    sql = written.sub(look.name(good), look.effect.text, count=1) if place and look.change else ""
    alone = look.change is not None and look.change.kind == "create index" and not look.depth
    yield look.finding(
        f"the index {look.name(name)} is not named like {rules.index}",
        advice=naming.call_it(look, good, table),
        fix=Fix(f"{sql};") if sql and alone and free else None,
        relation=table,
        start=place.start() if place else None,
        end=place.end() if place else None,
    )


def _becomes_constraint(look: Look, name: str) -> bool:
    """Whether a later statement of the section takes the index for a constraint."""
    taken = re.compile(rf'\busing\s+index\s+"?{re.escape(name)}(?!\w)', re.IGNORECASE)
    return any(taken.search(statement.text) for _, statement in look.later())

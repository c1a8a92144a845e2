"""DROP COLUMN breaks every release of the application that still reads or writes the column.

While a migration runs, the released application runs too. A query that names the column fails from that moment; an ORM
that remembers the table's columns fails with every INSERT and SELECT. Take the column out of the application first,
release that everywhere, and drop the column then, in a later migration that says so: `-- instar:ignore drop-column: no
release uses it since 2.4`.

PostgreSQL drops with the column its indexes, its constraints and its default without a word, and refuses when a view
reads it.

Safe when: this migration has added the column.
"""

from collections.abc import Iterator

from instar.lint.around import ahead, indexes_on, listed, made_here, readers, referrers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("drop column",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255), nickname varchar(50));"
BAD = "ALTER TABLE users DROP COLUMN nickname;"
GOOD = """-- migrate:up
-- nickname stays as long as a release uses it; a later migration drops it.
SELECT 1;
"""
PROOF = Proof("breaks", "SELECT nickname FROM users")


def check(look: Look) -> Iterator[Finding]:
    """Flag a column that a released application may use."""
    change = look.change
    if change is None or made_here(look, change.relation, change.name):
        return
    table, column = look.name(), look.name(change.name)
    if _swapped(look):
        yield look.finding(
            f"the released application gets another column under the name {table}.{column}",
            why=f"its type or its values may not be what it expects, and what it has written to the old {column} "
            "since the copy is lost",
            advice=f"keep both in step by a trigger until they are swapped, and make sure that the released "
            f"application copes with the new {column}",
        )
        return
    yield look.finding(
        f"a release that reads or writes {table}.{column} fails as soon as it is dropped",
        why=_why(look, table, column),
        advice=f"release an application that does not use {column} first; drop it in a later migration, when no "
        f"release uses it, and say so there: -- instar:ignore {look.rule}: reason",
    )


def _swapped(look: Look) -> bool:
    """Whether another column takes the name in the same transaction."""
    change, segments = look.change, look.unit.segments
    assert change is not None
    same = (effect for index, effect in ahead(look) if segments[index] == segments[look.index])
    return any(
        item.kind in {"rename column", "add column"}
        and item.relation == change.relation
        and change.name in {item.new_name, item.name}
        for effect in same
        for item in effect.changes
    )


def _why(look: Look, table: str, column: str) -> str:
    change = look.change
    assert change is not None
    said = [f"queries that name {column} fail, and so does an ORM that remembers the columns of {table}"]
    views = readers(look, change.relation, change.name)
    if views:
        said.append(f"{listed(views)} reads it" if len(views) == 1 else f"{listed(views)} read {table}")
    keys = referrers(look, change.relation, change.name)
    if keys:
        said.append(f"it is referenced by {listed(keys)}")
    lost = indexes_on(look.table(), change.name)
    if lost:
        said.append(f"{listed(lost)} {'go' if len(lost) > 1 else 'goes'} with it")
    return "; ".join(said)

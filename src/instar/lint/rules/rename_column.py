"""RENAME COLUMN breaks the released application: it asks for the old name, the next one for the new.

No moment is right for it: before the change only the old name works, after it only the new one, and both releases run
side by side while they are rolled out. Add a column under the new name instead, let the application write both, copy
the rest in batches, and drop the old column in a later migration, when no release uses it. Or rename the
table, and put a view under its old name in the same transaction that has both names.

Safe when: this migration has added the column or the table; a view takes the place of the table and shows the old name.
"""

from collections.abc import Iterator

from instar.lint.around import ahead, listed, made_here, mentions, readers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "compatibility"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("rename column",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));"
BAD = "ALTER TABLE users RENAME COLUMN email TO email_address;"
GOOD = "ALTER TABLE users ADD COLUMN email_address varchar(255);"
PROOF = Proof("breaks", "SELECT email FROM users")


def check(look: Look) -> Iterator[Finding]:
    """Flag a name that a released application uses."""
    change = look.change
    if change is None or made_here(look, change.relation, change.name) or _bridged(look):
        return
    table, old, new = look.name(), look.name(change.name), look.name(change.new_name)
    views = readers(look, change.relation, change.name)
    yield look.finding(
        f"the released application asks for {table}.{old}, which is called {new} from now on",
        why=f"every query of it that names {old} fails until the next release runs everywhere; going back fails too"
        + (f"; {listed(views)} keep the old name" if views else ""),
        advice=f"add {new} beside {old}, write both, copy, and drop {old} when no release uses it; or rename {table} "
        f"and put a view called {table} in its place, with both names and the same GRANTs, in one transaction",
        fix=_expand(look, table, old, new),
    )


def _bridged(look: Look) -> bool:
    """Whether the table was renamed in this transaction and a view with its name and the old column follows."""
    change = look.change
    assert change is not None
    former = {
        item.relation
        for _, effect in look.transaction()
        for item in effect.changes
        if item.kind == "rename table" and item.new_name in {change.relation, change.relation.rpartition(".")[2]}
    } | {change.relation}
    return any(
        item.kind in {"create view", "replace view"}
        and item.relation in former
        and mentions(effect.text, change.name, change.new_name)
        for _, effect in ahead(look)
        for item in effect.changes
    )


def _expand(look: Look, table: str, old: str, new: str) -> Fix | None:
    change = look.change
    assert change is not None
    column = look.table().column(change.name)
    if column is None or look.depth:
        return None
    return Fix(
        f"ALTER TABLE {table} ADD COLUMN {new} {column.type};\n"
        f"-- release an application that writes {old} and {new}, and reads {old}; then, in batches:\n"
        f"UPDATE {table} SET {new} = {old} WHERE {new} IS NULL AND {old} IS NOT NULL;\n"
        f"-- release an application that uses {new} only; then, in a later migration:\n"
        f"ALTER TABLE {table} DROP COLUMN {old};"
    )

"""DROP TABLE breaks every release of the application that still uses the table, and its rows are gone.

Release an application that does not use the table first. Renaming it for a while costs nothing and shows who still
asks for it; drop it in a later migration, when no release uses it, and say so there: `-- instar:ignore drop-table:
no release uses it since 2.4`.

Safe when: this migration has created the table; another table takes its name in the same migration (a table that is
built anew); `IF EXISTS` before a CREATE TABLE of the same name, where no migration has created it.
"""

from collections.abc import Iterator

from instar.lint.around import ahead, listed, readers, referrers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("drop table",)
SETUP = "CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric(10,2));"
BAD = "DROP TABLE invoices;"
GOOD = """-- migrate:up
-- invoices stays as long as a release uses it; a later migration drops it.
SELECT 1;
"""
PROOF = Proof("breaks", "SELECT total FROM invoices")


def check(look: Look) -> Iterator[Finding]:
    """Flag a table that a released application may use."""
    change = look.change
    if change is None or change.relation in look.unit.created or _replaced(look):
        return
    table = look.name()
    said = [f"every query on {table} fails, and its rows are gone"]
    views, keys = readers(look, change.relation), referrers(look, change.relation)
    if views:
        said.append(f"{listed(views)} {'read' if len(views) > 1 else 'reads'} it")
    if keys:
        said.append(f"it is referenced by {listed(keys)}")
    yield look.finding(
        f"a release that uses {table} fails as soon as it is dropped",
        why="; ".join(said),
        advice=f"release an application that does not use {table} first; drop it in a later migration, when no "
        f"release uses it, and say so there: -- instar:ignore {look.rule}: reason",
    )


def _replaced(look: Look) -> bool:
    """Whether another table takes its place: renamed to its name; or created under it, where it may not be there."""
    change = look.change
    assert change is not None
    follow = [item for _, effect in ahead(look) for item in effect.changes]
    if any(item.kind == "rename table" and item.new_name == change.relation for item in follow):
        return True
    missing = "if exists" in change.flags and look.schema.table(change.relation) is None
    return missing and any(item.kind.startswith("create table") and item.relation == change.relation for item in follow)

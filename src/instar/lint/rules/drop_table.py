"""DROP TABLE breaks every release of the application that still uses the table, and its rows are gone.

Release an application that does not use the table first. Renaming it for a while costs nothing and shows who still
asks for it; drop it in a later migration, when no release uses it, and say so there: `-- instar:ignore drop-table:
no release uses it since 2.4`.

A table that is built anew by CREATE TABLE ... AS and renamed has lost its primary key, its defaults, its indexes and
its foreign keys: that is told, unless they are made again behind it.

Safe when: this migration has created the table; another table takes its name in the same migration (a table that is
built anew); `IF EXISTS` before a CREATE TABLE of the same name, where no migration has created it; `IF EXISTS` and the
live catalog does not have it.
"""

from collections.abc import Iterator, Sequence

from instar.catalog import ConstraintKind, Table
from instar.effects import Change
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
    if change is None or change.relation in look.unit.created:
        return
    if _replaced(look):
        yield from _bare_copy(look)
        return
    if change.cleared and look.schema.complete:
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


def _bare_copy(look: Look) -> Iterator[Finding]:
    """Flag a table that comes back without what CREATE TABLE ... AS does not copy, and nothing makes anew."""
    change = look.change
    assert change is not None
    follow = [item for _, effect in ahead(look) for item in effect.changes]
    renamed = (item for item in follow if item.kind == "rename table" and item.new_name == change.relation)
    copy = next((item.relation for item in renamed), "")
    filled = [part for effect in look.unit.effects for part in effect.changes if part.kind == "create table as"]
    if not copy or not any(item.relation == copy for item in filled):
        return
    anew = [item for item in follow if item.relation in {copy, change.relation}]
    lost = _lost(look.table(), look.table(copy), anew)
    if not lost:
        return
    table = look.name()
    yield look.finding(
        f"{table} comes back as a copy without its {listed(lost)}",
        why="CREATE TABLE ... AS copies columns and rows and nothing else; what is written between the copy and the "
        "drop is lost",
        advice=f"LOCK TABLE {table} first, CREATE TABLE {look.name(copy)} (LIKE {table} INCLUDING ALL), INSERT INTO "
        "it, and add the foreign keys, which LIKE leaves out"
        if look.dialect.name == "postgresql"
        else f"create {look.name(copy)} with all that {table} has, and fill it with INSERT ... SELECT",
    )


def _lost(old: Table, new: Table, anew: Sequence[Change]) -> list[str]:
    """Return in words what an old table has, and neither the new one nor what is still to come."""
    made = {item.constraint.kind for item in anew if item.constraint is not None}
    made |= {item.kind for item in new.constraints}
    kinds = [kind for kind in _WORDS if any(item.kind is kind for item in old.constraints) and kind not in made]
    lost = [_WORDS[kind] for kind in kinds]
    numbered = any(item.identity or item.default for item in old.columns)
    if numbered and not any(item.identity or item.default for item in new.columns):
        set_anew = {"set default", "add identity", "modify column"} & {item.kind for item in anew}
        lost += [] if set_anew else ["defaults"]
    plain = [item for item in old.indexes if not item.constraint and not item.primary]
    if plain and not new.indexes and not any(item.kind == "create index" for item in anew):
        lost.append("indexes")
    return lost


_WORDS = {
    ConstraintKind.PRIMARY_KEY: "primary key",
    ConstraintKind.FOREIGN_KEY: "foreign keys",
    ConstraintKind.UNIQUE: "unique constraints",
    ConstraintKind.CHECK: "checks",
}


def _replaced(look: Look) -> bool:
    """Whether another table takes its place: renamed to its name; or created under it, where it may not be there."""
    change = look.change
    assert change is not None
    follow = [item for _, effect in ahead(look) for item in effect.changes]
    if any(item.kind == "rename table" and item.new_name == change.relation for item in follow):
        return True
    missing = "if exists" in change.flags and look.schema.table(change.relation) is None
    return missing and any(item.kind.startswith("create table") and item.relation == change.relation for item in follow)

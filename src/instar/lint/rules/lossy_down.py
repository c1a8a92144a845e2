"""This `down` loses data: it drops what `up` did not create, or brings back an empty column or table.

A rollback is run when something else has already gone wrong. One that drops a column with old data in it makes that
worse; one that only adds the dropped column again looks as if all were well. Keep a copy in `up` (CREATE TABLE ... AS
SELECT) and restore it in `down`, or say in the header that the migration cannot be undone: `reversible = false`.

Safe when: `up` created what `down` drops; `down` fills what it adds from a table that `up` has kept; the header says
`reversible = false`.
"""

from collections.abc import Iterator

from instar.effects import Change
from instar.lint.around import ahead, every_change
from instar.lint.look import Look, Unit
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("drop table", "drop column", "truncate", "delete", "add column", "create table")
DOWN = True
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, bio varchar(50));"
BAD = """-- migrate:up
ALTER TABLE users DROP COLUMN bio;
-- migrate:down
ALTER TABLE users ADD COLUMN bio varchar(50);
"""
GOOD = """-- migrate:up
CREATE TABLE users_bio AS SELECT id, bio FROM users;
ALTER TABLE users DROP COLUMN bio;
-- migrate:down
ALTER TABLE users ADD COLUMN bio varchar(50);
UPDATE users SET bio = (SELECT kept.bio FROM users_bio AS kept WHERE kept.id = users.id);
DROP TABLE users_bio;
"""
PROOF = Proof("undone", "SELECT id, bio FROM users ORDER BY id")

_GONE = frozenset({"drop table", "drop column", "truncate", "delete"})


def check(look: Look) -> Iterator[Finding]:
    """Flag data that is not there after `up` and `down`."""
    change, up = look.change, look.unit.up
    if change is None or up is None or look.unit.section != "down" or look.migration.header.reversible is False:
        return
    if change.kind in _GONE:
        yield from _dropped(look, change, up)
    elif _emptied(change, up) and not _filled(look, change):
        yield from _brought_back(look, change)


def _dropped(look: Look, change: Change, up: Unit) -> Iterator[Finding]:
    if _made(change, look.unit, up) or (change.kind == "delete" and (_inserted(change, up) or "where" in change.flags)):
        return
    if "if exists" in change.flags and look.schema.table(change.relation) is None:
        return
    if any(
        item.kind == "rename table" and item.new_name == change.relation
        for _, effect in ahead(look)
        for item in effect.changes
    ):
        return  # The table is built anew, as it was.
    if change.kind == "drop column" and _renamed_to(look, change):
        return
    table = look.name()
    what = f"{table}.{look.name(change.name)}" if change.kind == "drop column" else f"the rows of {table}"
    yield look.finding(
        f"the down loses {what}, which up did not create",
        why="what was there before up is gone after down",
        advice="drop in down only what up has created, or keep a copy in up",
    )


def _made(change: Change, unit: Unit, up: Unit) -> bool:
    """Whether `up` (or an earlier statement of `down`) has created it, or given it the name that it has now."""
    if change.relation in unit.created:
        return True
    for effect in (*up.effects, *unit.effects):
        for item in effect.changes:
            if change.relation == item.new_name and item.kind in {"rename table", "move table"}:
                return True
            same = item.relation == change.relation and change.name in {item.name, item.new_name}
            if change.kind == "drop column" and same and item.kind in {"add column", "rename column"}:
                return True
    return False


def _inserted(change: Change, up: Unit) -> bool:
    kinds = {"insert", "copy", "merge"}
    return any(
        item.kind in kinds and item.relation == change.relation for effect in up.effects for item in effect.changes
    )


def _emptied(change: Change, up: Unit) -> bool:
    """Whether `up` has dropped with its data what is made again here."""
    made = {item.relation for effect in up.effects for item in effect.changes if item.kind.startswith("create table")}
    for effect in up.effects:
        for item in effect.changes:
            if item.relation != change.relation or item.relation in made:
                continue
            if change.kind == "create table" and item.kind == "drop table":
                return True
            if change.kind == "add column" and item.kind == "drop column" and item.name == change.name:
                return not _added(item, up)
    return False


def _added(dropped: Change, up: Unit) -> bool:
    return any(
        item.kind == "add column" and item.relation == dropped.relation and item.name == dropped.name
        for effect in up.effects
        for item in effect.changes
    )


def _filled(look: Look, change: Change) -> bool:
    """Whether a later statement of `down` writes rows or the column, from whatever was kept."""
    if change.column is not None and change.column.generated:
        return True
    for _, effect in ahead(look):
        for item in every_change(effect):
            if item.relation == change.relation and item.kind in {"update", "insert", "merge", "copy"}:
                return change.kind == "create table" or not item.columns or change.name in item.columns
            if item.kind == "call":
                return True
    return False


def _renamed_to(look: Look, dropped: Change) -> bool:
    """Whether a later statement of `down` gives another column the name of a dropped one: it is changed, not lost."""
    return any(
        (item.kind, item.relation, item.new_name) == ("rename column", dropped.relation, dropped.name)
        for _, effect in ahead(look)
        for item in every_change(effect)
    )


def _brought_back(look: Look, change: Change) -> Iterator[Finding]:
    table = look.name()
    what = f"{table}.{look.name(change.name)}" if change.kind == "add column" else table
    yield look.finding(
        f"the down brings {what} back empty: its data went with up",
        why=f"after up and down, {what} is there and what was in it is not",
        advice="keep a copy in up (CREATE TABLE ... AS SELECT) and restore it in down, or say reversible = false",
    )

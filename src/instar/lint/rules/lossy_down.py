"""This `down` loses data: it drops what `up` did not create, or brings back an empty column or table.

A rollback is run when something else has already gone wrong. One that drops a column with old data in it makes that
worse; one that only adds the dropped column again looks as if all were well. Keep the values in `up`
(`-- instar:backup`) and put them back in `down` (`-- instar:restore`), or say in the header that the migration cannot
be undone: `reversible = false`.

It is said once of a migration, at the first statement that loses something, and names all that is lost.

Safe when: `up` created what `down` drops; `down` restores a backup of `up`, or fills what it adds from a table that
`up` has kept; the server fills it with numbers of its own that no foreign key pointed at; the header says
`reversible = false`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import cast

from instar.effects import Change, Effect
from instar.lint.around import ahead, every_change, shortened
from instar.lint.look import Look, Unit
from instar.lint.rule import Proof
from instar.model import Finding, Severity, Statement
from instar.source import backup

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

_KEYS = re.compile(r"nextval\(|(?:\w+\.)?(?:gen_random_uuid|uuidv[47]|uuid_generate_v\w+)\(", re.IGNORECASE)
_GONE = frozenset({"drop table", "drop column", "truncate", "delete"})


def check(look: Look) -> Iterator[Finding]:
    """Flag data that is not there after `up` and `down`."""
    change, up = look.change, look.unit.up
    if change is None or up is None or look.unit.section != "down" or look.migration.header.reversible is False:
        return
    said = cast("set[bool]", look.unit.notes.setdefault("lossy-down", set()))
    goes = change.kind in _GONE
    if goes in said or not _loses(look, change, up, look.unit.effects):
        return
    said.add(goes)
    names = [_what(look, item) for item in (change, *_others(look, change, up))]
    yield from _gone(look, names) if goes else _brought_back(look, names)


def _others(look: Look, first: Change, up: Unit) -> Iterator[Change]:
    """Yield what is lost in the same way by the rest of `down`."""
    before = [*look.unit.effects, look.effect]
    rest = look.effect.changes[look.effect.changes.index(first) + 1 :] if first in look.effect.changes else ()
    yield from (item for item in rest if _alike(first, item) and _loses(look, item, up, look.unit.effects))
    for _, effect in ahead(look):
        yield from (item for item in effect.changes if _alike(first, item) and _loses(look, item, up, before))
        before.append(effect)


def _alike(one: Change, other: Change) -> bool:
    return other.kind in ON and (one.kind in _GONE) is (other.kind in _GONE)


def _loses(look: Look, change: Change, up: Unit, before: Sequence[Effect]) -> bool:
    """Whether a change of `down` loses data; `before` are the statements of `down` in front of it."""
    if change.kind in _GONE:
        return _dropped(look, change, up, before)
    return _emptied(change, up) and not _filled(look, change, up)


def _what(look: Look, change: Change) -> str:
    table = look.name(change.relation)
    if change.kind in {"drop column", "add column"}:
        return f"{table}.{look.name(change.name)}"
    return f"the rows of {table}" if change.kind in _GONE else table


def _dropped(look: Look, change: Change, up: Unit, before: Sequence[Effect]) -> bool:
    if change.relation in look.unit.created or _made(change, before, up):
        return False
    if change.kind == "delete" and (_inserted(change, up) or "where" in change.flags):
        return False
    if "if exists" in change.flags and look.schema.table(change.relation) is None:
        return False
    if any(
        item.kind == "rename table" and item.new_name == change.relation
        for _, effect in ahead(look)
        for item in effect.changes
    ):
        return False  # The table is built anew, as it was.
    return not (change.kind == "drop column" and _renamed_to(look, change))


def _gone(look: Look, names: Sequence[str]) -> Iterator[Finding]:
    yield look.finding(
        f"the down loses {shortened(names)}, which up did not create",
        why="what was there before up is gone after down",
        advice="drop in down only what up has created, or keep a copy in up",
    )


def _made(change: Change, before: Sequence[Effect], up: Unit) -> bool:
    """Whether `up` (or an earlier statement of `down`) has created it, or given it the name that it has now."""
    for effect in (*up.effects, *before):
        if change.relation in effect.creates:
            return True
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
    for effect, statement in zip(up.effects, up.statements, strict=True):
        for item in effect.changes:
            if item.relation != change.relation or item.relation in made or _restored(item, statement, up):
                continue
            if change.kind == "create table" and item.kind == "drop table":
                return True
            if change.kind == "add column" and item.kind == "drop column" and item.name == change.name:
                return not _added(item, up)
    return False


def _restored(dropped: Change, statement: Statement, up: Unit) -> bool:
    """Whether what a statement drops was kept by `-- instar:backup`, and `down` says `-- instar:restore`."""
    if not any("instar:restore" in script.text for script in up.migration.down):
        return False
    table = dropped.relation.rpartition(".")[2]
    return any(
        asked.table.rpartition(".")[2].strip('"`').lower() == table.strip('"`').lower()
        and (not asked.columns or dropped.kind != "drop column" or dropped.name in asked.columns)
        for asked in backup.asked(statement)
    )


def _added(dropped: Change, up: Unit) -> bool:
    return any(
        item.kind == "add column" and item.relation == dropped.relation and item.name == dropped.name
        for effect in up.effects
        for item in effect.changes
    )


def _filled(look: Look, change: Change, up: Unit) -> bool:
    """Whether a later statement of `down` writes rows or the column, from whatever was kept; or the server does."""
    if change.column is not None and (change.column.generated or _numbered(change, up)):
        return True
    for _, effect in ahead(look):
        for item in every_change(effect):
            writes = item.relation == change.relation and item.kind in {"update", "insert", "merge", "copy"}
            if writes and (change.kind == "create table" or not item.columns or change.name in item.columns):
                return True
            if item.kind == "call":
                return True
    return False


def _numbered(change: Change, up: Unit) -> bool:
    """Whether the server gives each row a new key, and the old ones were no other table's business."""
    column = change.column
    assert column is not None
    referencing, _, _ = up.around.get(change.relation, (0, 0, 0))
    return not referencing and (column.identity or _KEYS.match(column.default) is not None)


def _renamed_to(look: Look, dropped: Change) -> bool:
    """Whether a later statement of `down` gives another column the name of a dropped one: it is changed, not lost."""
    return any(
        (item.kind, item.relation, item.new_name) == ("rename column", dropped.relation, dropped.name)
        for _, effect in ahead(look)
        for item in every_change(effect)
    )


def _brought_back(look: Look, names: Sequence[str]) -> Iterator[Finding]:
    what, several = shortened(names), len(names) > 1
    yield look.finding(
        f"the down brings {what} back empty: {'their' if several else 'its'} data went with up",
        why=f"after up and down, {what} {'are' if several else 'is'} there and what was in "
        f"{'them' if several else 'it'} is not",
        advice="keep the rows in up (-- instar:backup) and put them back in down (-- instar:restore), or say "
        "reversible = false",
    )

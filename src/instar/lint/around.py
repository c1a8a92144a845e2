"""What stands around a change: what comes after it, who depends on it, and what the author has checked before."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from instar.catalog import Column, Index, Table
from instar.effects import Change, Effect
from instar.lint.look import Look
from instar.model import Finding, Script, Severity

COLUMNS_MADE = frozenset({"create table", "create table as", "add column", "change type", "modify column"})
"""NEEDS of the rules about new columns: only these make any."""
_SHOWN = 3
_CREATES = frozenset({"create table", "create table as"})


def listed(names: Iterable[str]) -> str:
    """Join names as people do: "a, b and c"."""
    items = list(names)
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def lighter(one: Severity, other: Severity) -> Severity:
    """Return the one that weighs less: a rule that is made heavier or lighter in the configuration stays below it."""
    return max(one, other, key=lambda item: item.rank)


def dropped_together(look: Look, meant: Callable[[Change], bool]) -> list[Change]:
    """Return what a DROP of several things names, as far as it is meant: said of the first of them, none of the others.

    What ALTER TABLE drops stands in subcommands of its own.
    """
    change = look.change
    assert change is not None
    if look.effect.verb.startswith("ALTER"):
        return [change] if meant(change) else []
    same = [item for item in look.effect.changes if item.kind == change.kind and meant(item)]
    return same if same and same[0] is change else []


def counted(kind: str, names: Sequence[str]) -> str:
    """Name things of a kind, the first three by name: "functions a, b, c and 2 more"."""
    return f"{kind}{'s' if len(names) > 1 else ''} {shortened(names)}"


def shortened(names: Sequence[str]) -> str:
    """Join names as people do, the first three of them: "a, b, c and 2 more"."""
    shown = list(names[:_SHOWN])
    rest = len(names) - len(shown)
    return listed([*shown, *([f"{rest} more"] if rest else [])])


def ahead(look: Look) -> Iterator[tuple[int, Effect]]:
    """Yield the later statements of the section, analysed against the schema as it is now (or was a moment ago)."""
    known = cast("dict[int, Effect]", look.unit.notes.setdefault("ahead", {}))
    for index, statement in look.later():
        if index not in known:
            known[index] = look.dialect.analyse(statement.text, look.schema)
        yield index, known[index]


def made_here(look: Look, relation: str, column: str) -> bool:
    """Whether this section has added the column, or the table: no released application knows it."""
    if relation in look.unit.created:
        return True
    return any(
        change.relation == relation and change.name == column and change.kind == "add column"
        for effect in look.unit.effects
        for change in every_change(effect)
    )


def every_change(effect: Effect) -> Iterator[Change]:
    """Yield the changes of a statement, and of those inside it."""
    yield from effect.changes
    for inner in effect.inner:
        yield from every_change(inner)


def outside(look: Look, advice: str) -> str:
    """Advise what no block or function can do: CONCURRENTLY cannot run inside one."""
    return f"take it out of this block into a statement of its own, and {advice}" if look.depth else advice


def mentions(text: str, *names: str) -> bool:
    """Whether a text holds all of these names as words, whatever their case."""
    return all(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names)


def checked(look: Look, relation: str, *columns: str) -> bool:
    """Whether the migration checks these columns of the relation below `-- migrate:before`."""
    name = relation.rpartition(".")[2]
    return any(mentions(script.text, name, *columns) for script in look.migration.before)


def text_of(scripts: Iterable[Script]) -> str:
    """Return the scripts of a section as one text."""
    return "\n".join(script.text for script in scripts)


def readers(look: Look, relation: str, column: str = "") -> list[str]:
    """Return the views that read the relation (and the column, where their definition is known), as written in SQL."""
    found = dict.fromkeys(
        view.name
        for view in look.schema.views(relation)
        if not column or not view.definition or mentions(view.definition, column)
    )
    return [look.name(name) for name in found]


def referrers(look: Look, relation: str, column: str = "") -> list[str]:
    """Return the foreign keys of other tables that point at the relation: `orders (fk_orders_user_id)`."""
    return [
        look.name(table.name) + (f" ({constraint.name})" if constraint.name else "")
        for table, constraint in look.schema.referencing(relation)
        if not column or column in constraint.referenced
    ]


def indexes_on(table: Table, column: str) -> list[str]:
    """Return the indexes of the table that hold or mention the column."""
    return [
        index.name
        for index in table.indexes
        if column in index.columns or column in index.uses or column in index.include
    ]


@contextmanager
def at(look: Look, index: int, effect: Effect, change: Change | None = None) -> Iterator[Look]:
    """Look at an earlier statement again, so that a rule for whole migrations can point at it."""
    kept = look.index, look.effect, look.change
    look.index, look.effect, look.change = index, effect, change
    try:
        yield look
    finally:
        look.index, look.effect, look.change = kept


def tables_made(look: Look) -> Iterator[tuple[int, Effect, Change, Table]]:
    """Yield the lasting tables that the section has created, as they are at its end."""
    for index, effect in enumerate(look.unit.effects):
        for change in effect.changes:
            table = look.schema.table(change.relation) if change.kind in _CREATES else None
            if table is not None and _lasts(change, table):
                yield index, effect, change, table


def _lasts(change: Change, table: Table) -> bool:
    return "temporary" not in change.flags and table.persistence != "t"


Made = tuple[int, Effect, Change, Table, Column]


def columns_made(look: Look) -> list[Made]:
    """Return the columns that the section has created and that are there at its end, with their table.

    The change is that of the column where it was added alone, else that of its table.
    """
    # Asked by one rule after another, at the end of the migration.
    notes = look.unit.notes
    if "columns made" not in notes:
        notes["columns made"] = list(_columns_made(look))
    return cast("list[Made]", notes["columns made"])


def _columns_made(look: Look) -> Iterator[Made]:
    for index, effect, change, table in tables_made(look):
        if change.kind == "create table" and "partition of" not in change.flags:
            text = effect.text.lower()
            # What LIKE or a later statement brought does not stand in the statement.
            yield from ((index, effect, change, table, item) for item in table.columns if item.name.lower() in text)
    for index, effect in enumerate(look.unit.effects):
        for change in effect.changes:
            if change.kind in {"add column", "change type", "modify column"}:
                table = look.schema.known(change.relation)
                column = table.column(change.name)
                if column is not None:
                    yield index, effect, change, table, column


def span(effect: Effect, name: str) -> tuple[int | None, int | None]:
    """Return where a column's name stands first inside the parentheses of a statement, or nothing."""
    found = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE).search(effect.text, effect.text.find("(") + 1)
    return (found.start(), found.end()) if found else (None, None)


def of_type(
    wanted: Callable[[str], bool],
    message: str,
    *,
    why: str,
    advice: str,
    meant: Callable[[Look, Column], bool] | None = None,
) -> Callable[[Look], Iterator[Finding]]:
    """Return the check of a rule about new columns of a type: `wanted` is asked of it, without the [] of an array.

    In the texts {name} is the column's, {type} its type. `meant` is asked, too, where the type alone does not tell.
    """

    def check(look: Look) -> Iterator[Finding]:
        """Flag new columns of the type."""
        for index, effect, change, table, column in columns_made(look):
            if not wanted(column.type.removesuffix("[]")):
                continue
            start, end = span(effect, column.name) if change.kind == "create table" else (None, None)
            with at(look, index, effect, change):
                if meant is not None and not meant(look, column):
                    continue
                said = {"name": f"{look.name(table.name)}.{look.name(column.name)}", "type": column.type}
                yield look.finding(
                    message.format_map(said), why=why, advice=advice.format_map(said), start=start, end=end
                )

    return check


def keys_of(index: Index) -> str:
    """Return the keys of an index as one comparable text: order, operator classes and expressions count."""
    written = keys_written(index)
    if not written:
        return ", ".join(index.columns)
    return ", ".join(re.sub(r"\s+asc\b|[\"`]", "", key, flags=re.IGNORECASE) for key in written).lower()


def keys_written(index: Index) -> list[str]:
    """Return the keys of an index as its definition writes them; nothing where there is none."""
    start, depth = index.definition.find("("), 0
    keys = [""]
    for letter in index.definition[start:] if start >= 0 else "":
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return [" ".join(key.split()) for key in [keys[0][1:], *keys[1:]]]
        if letter == "," and depth == 1:
            keys.append("")
        else:
            keys[-1] += letter
    return []


def makers(look: Look, table: str, name: str) -> Iterator[tuple[int, Effect, Change]]:
    """Yield the statement of this section that has made an index or constraint of a table."""
    bare = name.rpartition(".")[2]
    for index, effect in enumerate(look.unit.effects):
        for change in effect.changes:
            if change.relation == table and bare in _made_by(change):
                yield index, effect, change


def _made_by(change: Change) -> set[str]:
    names = {change.constraint.name, change.constraint.index} if change.constraint else set()
    names |= {change.index.name.rpartition(".")[2]} if change.index else set()
    if change.table is not None:
        names |= {item.name for item in change.table.constraints}
        names |= {item.name.rpartition(".")[2] for item in change.table.indexes}
    return names - {""}

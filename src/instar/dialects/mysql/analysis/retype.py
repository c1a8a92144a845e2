"""What MODIFY and CHANGE ask of the server, by the column before and after."""

from instar.catalog import Column, Table
from instar.dialects.mysql.analysis import shape, types
from instar.dialects.mysql.analysis.need import Engine, Level, Need

_ONE_BYTE = 255
"""The longest VARCHAR, in bytes, whose length takes one byte."""
_SHORT = 127
"""Up to here MariaDB stores the length in one byte whatever the column's limit is."""
_SETS = (8, 16, 24, 32, 64)
_SMALL_ENUM = 255


def need(engine: Engine, table: Table, old: Column | None, new: Column, *, moved: bool = False) -> Need:
    """Say what it takes to make `new` of `old` (None: not known)."""
    if old is None:
        fact = f"the definition of {table.name}.{new.name} so far"
        return Need(Level.COPY, "a changed type copies the table", fact)
    new = shape.collated(table, new)
    parts = [_generated(old, new), _type(engine, table, old, new), _null(engine, table, old, new)]
    if moved:
        parts.append(_moved(engine, table, old))
    if new.identity and not old.identity:
        parts.append(Need(Level.COPY, f"{new.name} becomes AUTO_INCREMENT"))
    level = max(item.level for item in parts)
    heaviest = [item for item in parts if item.level is level]
    found = next((item for item in heaviest if not item.unknown), heaviest[0])
    return Need(found.level, found.reason, found.unknown, found.builds, any(item.shared for item in parts))


def _generated(old: Column, new: Column) -> Need:
    if old.generated == new.generated == "virtual" and old.type != new.type:
        return Need(Level.COPY, f"the virtual column {new.name} gets another type")
    if old.generated == new.generated and (old.generated != "stored" or _same(old.expression, new.expression)):
        return Need()
    return Need(Level.COPY, f"the stored values of {new.name} are computed anew")


def _same(one: str, other: str) -> bool:
    return "".join(one.split()).replace("`", "").lower() == "".join(other.split()).replace("`", "").lower()


def _moved(engine: Engine, table: Table, old: Column) -> Need:
    if not engine.mariadb:
        return Need(Level.REBUILD, f"{old.name} moves to another place")
    if old.generated == "virtual":
        return Need(Level.COPY, f"the virtual column {old.name} moves to another place")
    if fulltext(table) or indexed_virtual(table):
        return Need(Level.REBUILD, f"{old.name} moves to another place", shared=True)
    return Need()


def _null(engine: Engine, table: Table, old: Column, new: Column) -> Need:
    if old.nullable == new.nullable:
        return Need()
    if not engine.mariadb:
        return Need(Level.REBUILD, f"{new.name} changes between NULL and NOT NULL")
    generated = any(item.generated == "stored" for item in table.columns) or indexed_virtual(table)
    if not new.nullable and generated:
        return Need(Level.COPY, f"{new.name} becomes NOT NULL in a table with generated columns")
    if new.nullable and shape.option(table, "row_format") == "redundant":
        return Need()
    shared = fulltext(table) or indexed_virtual(table)
    return Need(Level.REBUILD, f"{new.name} changes between NULL and NOT NULL", shared=shared)


def fulltext(table: Table) -> bool:
    """Whether the table has a FULLTEXT index."""
    return any(index.method == "fulltext" for index in table.indexes)


def indexed_virtual(table: Table) -> bool:
    """Whether an index stands on a virtual column: MariaDB then does nothing to the rows while others write."""
    virtual = {item.name for item in table.columns if item.generated == "virtual"}
    return any(virtual & index.uses for index in table.indexes)


def _type(engine: Engine, table: Table, old: Column, new: Column) -> Need:
    before, after = types.kind(old.type), types.kind(new.type)
    if before.base in types.TEXT and after.base == before.base:
        recoded = _recoded(engine, table, old, new)
        if recoded.level is Level.COPY:
            return recoded
        return max(recoded, _resized(engine, table, old, new), key=lambda item: item.level)
    if old.type == new.type:
        return Need()
    if before.base == after.base == "varbinary":
        return _resized(engine, table, old, new)
    return _copy(old, new)


def _copy(old: Column, new: Column) -> Need:
    return Need(Level.COPY, f"{new.name} changes from {old.type} to {new.type}")


def _recoded(engine: Engine, table: Table, old: Column, new: Column) -> Need:
    """Another character set or collation."""
    if not old.collation or not new.collation:
        if old.collation == new.collation or not (old.collation or new.collation):
            return Need()
        fact = f"the character set of {table.name}.{new.name} so far"
        return Need(Level.COPY, f"{new.name} may get another character set", fact) if new.collation else Need()
    before, after = types.charset(old.collation), types.charset(new.collation)
    if before == after:
        return _recollated(engine, table, old, new)
    wider = (before, after) == ("utf8mb3", "utf8mb4") or before == "ascii"
    if engine.mariadb and wider and types.kind(new.type).base in {"varchar", "text", "tinytext", "mediumtext"}:
        return Need(builds=_indexes(table, old.name), level=_level(table, old.name))
    return Need(Level.COPY, f"{new.name} changes from {before} to {after}")


def _indexes(table: Table, column: str) -> tuple[str, ...]:
    return tuple(index.name for index in table.indexes if column in index.uses and index.method != "fulltext")


def _level(table: Table, column: str) -> Level:
    return Level.NOCOPY if _indexes(table, column) else Level.INSTANT


def _recollated(engine: Engine, table: Table, old: Column, new: Column) -> Need:
    exact = "_" in old.collation and "_" in new.collation
    # A character set's default collation is never its binary one.
    differ = exact or "_bin" in old.collation + new.collation
    if old.collation == new.collation or not differ:
        return Need()
    if engine.mariadb:
        reason = f"the order of {new.name} changes"
        return Need(_level(table, old.name), reason, builds=_indexes(table, old.name))
    return Need(Level.COPY, f"{new.name} changes its collation")


def _resized(engine: Engine, table: Table, old: Column, new: Column) -> Need:
    before, after = types.kind(old.type), types.kind(new.type)
    if before == after and before.base not in {"varchar", "varbinary"}:
        return Need()
    if before.base in {"enum", "set"}:
        return _listed(old, new)
    if before.base not in {"varchar", "varbinary"}:
        return _copy(old, new)
    if (after.size or 0) < (before.size or 0):
        return Need(Level.COPY, f"{new.name} shrinks from {old.type} to {new.type}")
    return _lengthened(engine, table, old, new)


def _listed(old: Column, new: Column) -> Need:
    before, after = types.kind(old.type).values, types.kind(new.type).values
    if not types.appended(before, after):
        return Need(Level.COPY, f"values of {new.name} move or go")
    enum = types.kind(new.type).base == "enum"
    grows = (
        len(before) <= _SMALL_ENUM < len(after)
        if enum
        else _bytes_of_set(len(before)) != _bytes_of_set(len(after))
    )  # fmt: skip
    return Need(Level.COPY, f"{new.name} has so many values that each takes more bytes") if grows else Need()


def _bytes_of_set(values: int) -> int:
    return next((limit for limit in _SETS if values <= limit), 0)


def _lengthened(engine: Engine, table: Table, old: Column, new: Column) -> Need:
    """Judge a VARCHAR that grows: its length prefix must not change."""
    if engine.mariadb and shape.option(table, "row_format") == "redundant":
        return Need()
    cheap = Level.INSTANT if engine.mariadb else Level.NOCOPY
    short = _SHORT if engine.mariadb else 0
    found = {crossing(*pair, short) for pair in _sizes(old, new)}
    if found == {False}:
        return Need(cheap)
    reason = f"{new.name} grows across 255 bytes, where its length takes a second one"
    return Need(Level.COPY, reason, "" if found == {True} else f"the character set of {table.name}.{new.name}")


def _sizes(old: Column, new: Column) -> list[tuple[int, int]]:
    """Return how many bytes the column may hold before and after, for every character set that it may have."""
    before, after = types.kind(old.type).size or 0, types.kind(new.type).size or 0
    known = types.bytes_of(old.type, old.collation), types.bytes_of(new.type, new.collation)
    if None not in known:
        return [(known[0] or 0, known[1] or 0)]
    return [(known[0] or before * width, known[1] or after * width) for width in (1, 3, 4)]


def crossing(before: int, after: int, short: int) -> bool:
    """Whether a VARCHAR that grows gets a longer length prefix."""
    return short < before <= _ONE_BYTE < after

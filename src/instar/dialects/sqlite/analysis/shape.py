"""SQLite tables before and after a change."""

from collections.abc import Iterable

from msgspec.structs import replace

from instar.catalog import Constraint, ConstraintKind, Index, Table
from instar.dialects import _names
from instar.dialects._reader import Reader
from instar.dialects.sqlite.analysis import elements
from instar.dialects.sqlite.analysis.elements import Definition

AUTOINCREMENT = "autoincrement"


def table(text: str, reader: Reader, name: str) -> Table:
    """Make a table of the body that comes: columns and constraints, then WITHOUT ROWID and STRICT."""
    made = Table(name, definition=text)
    group = reader.group()
    for part in group.parts() if group is not None else ():
        if elements.is_constraint(part):
            made = with_constraint(made, elements.table_constraint(part, text))
        else:
            made = with_column(made, elements.column(part, text))
    said = reader.words()
    options = [word for word in ("without rowid", "strict") if word.split()[0] in said]
    return replace(_keyed(made), options=(*made.options, *options))


def _keyed(made: Table) -> Table:
    """INTEGER PRIMARY KEY of the table's own constraint is the row's number, too; it needs no index."""
    key = next((item for item in made.constraints if item.kind is ConstraintKind.PRIMARY_KEY), None)
    if key is None or len(key.columns) != 1:
        return made
    columns = tuple(
        replace(item, identity=True) if item.name == key.columns[0] and item.type == "INTEGER" else item
        for item in made.columns
    )
    return replace(made, columns=columns)


def with_column(made: Table, found: Definition) -> Table:
    """Add a column and the constraints beside it."""
    made = replace(made, columns=(*made.columns, found.column))
    if found.autoincrement:
        made = replace(made, options=(*made.options, AUTOINCREMENT))
    for item in found.constraints:
        made = with_constraint(made, item)
    return made


def with_constraint(made: Table, item: Constraint) -> Table:
    """Add a constraint."""
    columns = _names.columns(made, item.columns)
    if item.kind is ConstraintKind.CHECK:
        known = {column.name for column in made.columns}
        columns = tuple(name for name in columns if name in known)
    made = replace(made, constraints=(*made.constraints, replace(item, columns=columns)))
    return _carried(made, made.constraints[-1])


def _carried(made: Table, item: Constraint) -> Table:
    """Add the index that SQLite makes for a key; a row's own number needs none, but serves like one."""
    if item.kind not in {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE}:
        return made
    primary = item.kind is ConstraintKind.PRIMARY_KEY
    known = [made.column(name) for name in item.columns]
    rowid = primary and len(known) == 1 and known[0] is not None and known[0].type == "INTEGER"
    number = 1 + sum(index.name.startswith("sqlite_autoindex_") for index in made.indexes)
    name = f"{made.name}.rowid" if rowid else f"sqlite_autoindex_{made.name}_{number}"
    index = Index(
        name, made.name, item.columns, unique=True, primary=primary, uses=frozenset(item.columns), constraint=item.name
    )
    return replace(made, indexes=(*made.indexes, index))


def without_column(made: Table, name: str) -> Table:
    """Take a column away."""
    return replace(made, columns=tuple(item for item in made.columns if item.name != name))


def renamed_column(made: Table, old: str, new: str) -> Table:
    """Give a column another name, everywhere in its table."""

    def other(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(new if item == old else item for item in names)

    columns = (replace(item, name=new) if item.name == old else item for item in made.columns)
    constraints = (replace(item, columns=other(item.columns)) for item in made.constraints)
    indexes = (replace(item, columns=other(item.columns), uses=frozenset(other(item.uses))) for item in made.indexes)
    return replace(made, columns=tuple(columns), constraints=tuple(constraints), indexes=tuple(indexes), definition="")


def with_index(made: Table, index: Index) -> Table:
    """Add an index."""
    kept = tuple(item for item in made.indexes if item.name != index.name)
    return replace(made, indexes=(*kept, index))


def changed(made: Table, name: str, **given: object) -> Table:
    """Return the table with a column of other properties."""
    columns = tuple(replace(item, **given) if item.name == name else item for item in made.columns)
    return replace(made, columns=columns)

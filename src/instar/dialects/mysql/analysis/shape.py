"""Tables before and after a change, with the names that the server itself gives to what has none."""

from collections.abc import Iterable

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Table
from instar.dialects import _names
from instar.dialects.mysql.analysis import types
from instar.dialects.mysql.analysis.elements import PRIMARY

GENERATED = "generated"
"""The `definition` of an index that the server made for a foreign key, and drops when another one serves."""


def option(table: Table, name: str) -> str:
    """Return a table option ("engine", "charset", "collate", "row_format") in lower case, "" when not known."""
    return next((item.partition("=")[2] for item in table.options if item.startswith(f"{name}=")), "")


def with_options(table: Table, given: dict[str, str]) -> Table:
    """Return the table with other options."""
    kept = [item for item in table.options if item.partition("=")[0] not in given]
    return replace(table, options=(*kept, *(f"{name}={value}" for name, value in given.items())))


def default_collation(table: Table) -> str:
    """Return the collation (or at least the character set) of new columns, "" when not known."""
    return option(table, "collate") or option(table, "charset")


def collated(table: Table, column: Column) -> Column:
    """Give a column the table's collation if it has none of its own."""
    if types.kind(column.type).base not in types.TEXT or column.collation:
        return column
    return replace(column, collation=default_collation(table))


def place(table: Table, column: Column, *, first: bool = False, after: str = "") -> Table:
    """Put a column at its place, or at the end."""
    columns = list(table.columns)
    at = 0 if first else len(columns)
    if after:
        names = [item.name for item in columns]
        wanted = _names.column(table, after)
        at = names.index(wanted) + 1 if wanted in names else len(columns)
    columns.insert(at, collated(table, column))
    return replace(table, columns=tuple(columns))


def without_column(table: Table, name: str) -> Table:
    """Take a column away, from its indexes, too; a check that stands on nothing else goes with it."""
    indexes = []
    for index in table.indexes:
        left = tuple(item for item in index.columns if item != name)
        if left or not index.columns:
            indexes.append(replace(index, columns=left, uses=index.uses - {name}))
    kept_names = {index.name for index in indexes}
    constraints = []
    for item in table.constraints:
        if item.index and item.index not in kept_names:
            continue
        if item.kind is ConstraintKind.CHECK and item.columns == (name,):
            continue
        constraints.append(replace(item, columns=tuple(column for column in item.columns if column != name)))
    columns = tuple(item for item in table.columns if item.name != name)
    return replace(table, columns=columns, indexes=tuple(indexes), constraints=tuple(constraints))


def renamed_column(table: Table, old: str, new: str) -> Table:
    """Give a column another name, everywhere in its table."""

    def other(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(new if item == old else item for item in names)

    indexes = (replace(item, columns=other(item.columns), uses=frozenset(other(item.uses))) for item in table.indexes)
    constraints = (replace(item, columns=other(item.columns)) for item in table.constraints)
    columns = (replace(item, name=new) if item.name == old else item for item in table.columns)
    return replace(table, columns=tuple(columns), indexes=tuple(indexes), constraints=tuple(constraints))


def modified(table: Table, old: str, column: Column, *, first: bool = False, after: str = "") -> Table:
    """Return the table with a column redefined, and moved if so said."""
    if column.name != old:
        table = renamed_column(table, old, column.name)
    if first or after:
        rest = replace(table, columns=tuple(item for item in table.columns if item.name != column.name))
        return place(rest, column, first=first, after=after)
    if table.column(column.name) is None:
        return replace(table, columns=(*table.columns, collated(table, column)))
    columns = (collated(table, column) if item.name == column.name else item for item in table.columns)
    return replace(table, columns=tuple(columns))


def _free(taken: Iterable[str], wanted: str) -> str:
    used = {name.lower() for name in taken}
    number, name = 2, wanted
    while name.lower() in used:
        name = f"{wanted}_{number}"
        number += 1
    return name


def named_index(table: Table, index: Index) -> Index:
    """Give an index the name that the server would: its first column's."""
    columns = _names.columns(table, index.columns)
    uses = frozenset(_names.columns(table, index.uses))
    wanted = index.name or next((name for name in columns if name), "functional_index")
    name = PRIMARY if index.primary else index.name or _free((item.name for item in table.indexes), wanted)
    constraint = name if index.unique else ""
    return replace(index, name=name, table=table.name, columns=columns, uses=uses, constraint=constraint)


def with_index(table: Table, index: Index) -> Table:
    """Add an index, its constraint if it is unique, and drop what the server made and now needs no more."""
    made = named_index(table, index)
    kept = [
        item for item in table.indexes
        if item.definition != GENERATED or made.method != "btree" or made.columns[: len(item.columns)] != item.columns
    ]  # fmt: skip
    constraints = table.constraints
    columns = table.columns
    if made.unique:
        kind = ConstraintKind.PRIMARY_KEY if made.primary else ConstraintKind.UNIQUE
        constraints = (*constraints, Constraint(made.name, kind, made.columns, index=made.name))
    if made.primary:
        columns = tuple(replace(item, nullable=False) if item.name in made.columns else item for item in columns)
    return replace(table, columns=columns, indexes=(*kept, made), constraints=constraints)


def with_constraint(table: Table, item: Constraint, *, mariadb: bool) -> Table:
    """Add a foreign key (with the index that it needs) or a check."""
    columns = _names.columns(table, item.columns)
    if item.kind is ConstraintKind.CHECK:
        known = {column.name for column in table.columns}
        columns = tuple(name for name in columns if name in known) if known else columns
    name = item.name or unnamed(table, item, mariadb=mariadb)
    named = replace(item, name=name, columns=columns)
    if item.kind is ConstraintKind.FOREIGN_KEY:
        table = _supported(table, item.name, columns)
    return replace(table, constraints=(*table.constraints, named))


def _supported(table: Table, name: str, columns: tuple[str, ...]) -> Table:
    """Make the index that a foreign key needs: a named key takes over one that was made for another."""
    serving = [index for index in table.indexes if index.columns[: len(columns)] == columns and index.method == "btree"]
    if any(index.definition != GENERATED for index in serving) or (serving and not name):
        return table
    kept = tuple(index for index in table.indexes if index not in serving)
    free = _free((index.name for index in kept), name or next(iter(columns), ""))
    made = Index(free, table.name, columns, uses=frozenset(columns), definition=GENERATED)
    return replace(table, indexes=(*kept, made))


def served(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether an index begins with these columns."""
    return any(index.columns[: len(columns)] == columns for index in table.indexes if index.method == "btree")


def unnamed(table: Table, item: Constraint, *, mariadb: bool) -> str:
    """Return the name that the server gives to a foreign key or a check that has none."""
    bare = table.name.rpartition(".")[2]
    foreign = item.kind is ConstraintKind.FOREIGN_KEY
    prefix = f"{bare}_ibfk_" if foreign else "CONSTRAINT_" if mariadb else f"{bare}_chk_"
    taken = {known.name for known in table.constraints}
    number = 1
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"


def without_index(table: Table, name: str) -> Table:
    """Take an index away, and the constraint that it carries."""
    wanted = _names.same((item.name for item in table.indexes), name)
    indexes = tuple(item for item in table.indexes if item.name != wanted)
    constraints = tuple(item for item in table.constraints if item.index != wanted)
    return replace(table, indexes=indexes, constraints=constraints)


def without_constraint(table: Table, name: str) -> Table:
    """Take a constraint away; a unique one goes with its index."""
    wanted = _names.same((item.name for item in table.constraints), name)
    found = table.constraint(wanted)
    if found is not None and found.index:
        return without_index(table, found.index)
    return replace(table, constraints=tuple(item for item in table.constraints if item.name != wanted))

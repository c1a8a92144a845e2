"""CREATE TABLE, with LIKE and SELECT."""

from msgspec.structs import replace

from instar.catalog import Constraint, ConstraintKind, Index, Schema, Table
from instar.dialects import _names
from instar.dialects._reader import Reader
from instar.dialects.mysql.analysis import actions, elements, need, shape, types
from instar.dialects.mysql.analysis.need import Level
from instar.effects import Change, Effect, Lock

Parts = list[tuple[Constraint | None, Index | None]]


def table(text: str, reader: Reader, schema: Schema, *, mariadb: bool, flags: frozenset[str]) -> Effect:
    """Analyse what stands behind `CREATE [OR REPLACE] [TEMPORARY] TABLE`."""
    if reader.accept("if", "not", "exists"):
        flags |= {"if not exists"}
    key = schema.key(*reader.qualified())
    made = Table(key)
    if (source := _like(reader)) is not None:
        made = _copied(schema, source, key)
    elif reader.word() == "(":
        made = _body(text, reader, schema, made, mariadb=mariadb)
    filled = "select" in reader.words()
    if filled:
        made = replace(made, complete=False)
    references = [item.references for item in made.constraints if item.references not in {"", key}]
    if not mariadb and _beside_column(reader):
        flags |= {actions.IGNORED_REFERENCES}
    mode = need.mode_of_parent(Level.INSTANT, mariadb=mariadb)
    locks = tuple(Lock(item, mode) for item in dict.fromkeys(references))
    kind = "create table as" if filled else "create table"
    change = Change(
        kind, key, table=made, flags=flags, others=tuple(dict.fromkeys(references)), locks=locks, end=len(text)
    )
    exists = "if not exists" in flags and key in schema.tables
    temporary = "temporary" in flags
    return Effect(
        text, "CREATE TABLE", (change,), locks=locks, creates=() if exists or temporary else (key,)
    )  # fmt: skip


def _beside_column(reader: Reader) -> bool:
    """Whether some REFERENCES does not belong to a FOREIGN KEY."""
    said = [token.word for token in reader.stream]
    return said.count("references") > sum(said[at : at + 2] == ["foreign", "key"] for at in range(len(said)))


def _like(reader: Reader) -> tuple[str, str] | None:
    inside = Reader(reader.stream, reader.at, reader.end)
    inside.accept("(")
    return inside.qualified() if inside.accept("like") else None


def _copied(schema: Schema, source: tuple[str, str], key: str) -> Table:
    """CREATE TABLE ... LIKE takes columns, indexes and checks along, not foreign keys."""
    found = schema.known(_names.relation(schema, *source))
    constraints = tuple(item for item in found.constraints if item.kind is not ConstraintKind.FOREIGN_KEY)
    indexes = tuple(replace(item, table=key) for item in found.indexes)
    return Table(key, columns=found.columns, constraints=constraints, indexes=indexes, options=found.options,
                 complete=found.complete)  # fmt: skip


def _body(text: str, reader: Reader, schema: Schema, made: Table, *, mariadb: bool) -> Table:
    group = reader.group()
    given = actions.options(Reader(reader.stream, reader.at, reader.end))
    known: dict[str, str] = {
        name: given[name] for name in ("engine", "charset", "collate", "row_format") if name in given
    }
    if "charset" not in known and "collate" in known:
        known["charset"] = types.charset(known["collate"])
    if "partition" in reader.words():
        known["partitioned"] = "yes"
    made = shape.with_options(made, {"engine": "innodb", **known})
    statement = actions.Statement(text, schema, made, mariadb)
    parts = list(group.parts()) if group is not None else []
    rest = []
    for part in parts:
        constraint, index = elements.table_part(Reader(part.stream, part.at, part.end), text)
        if constraint is not None or index is not None:
            rest.append((constraint, index))
        elif part.word() != "period":
            made = _column(statement, made, part, rest)
    return _constrained(statement, made, rest)


def _column(statement: actions.Statement, made: Table, part: Reader, rest: Parts) -> Table:
    found = elements.column(part, statement.text, mariadb=statement.mariadb)
    inline = [
        item for item in found.parts()
        if item[1] is not None or item[0].kind is ConstraintKind.CHECK or statement.mariadb
    ]  # fmt: skip
    rest += inline
    return shape.place(made, found.column)


def _constrained(statement: actions.Statement, made: Table, rest: Parts) -> Table:
    """Add indexes first, as the server does, so that a foreign key finds the one that serves it."""
    for _, index in sorted(rest, key=lambda item: not (item[1] is not None and item[1].primary)):
        if index is not None:
            made = shape.with_index(made, index)
    statement.table = made
    for constraint, index in rest:
        if index is None and constraint is not None:
            item = actions.resolved(statement, constraint) if constraint.references else constraint
            made = shape.with_constraint(made, item, mariadb=statement.mariadb)
    return made

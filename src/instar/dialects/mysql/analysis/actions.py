"""The actions of an ALTER TABLE, one change each, without what they cost.

Read off tokens, not with sqlglot, which was considered: only to parse a statement it takes as long as this reader, the
lexer and the analysis together (0.2 ms, measured), keeps no positions of actions, and gives up on partitions and on
CONVERT TO CHARACTER SET.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Schema, Table
from instar.dialects import _names
from instar.dialects._reader import Reader
from instar.dialects.mysql.analysis import elements, shape
from instar.effects import Change

_OPTION_WORDS = {
    "engine": "engine", "type": "engine", "row_format": "row_format", "collate": "collate", "charset": "charset",
    "key_block_size": "key_block_size", "page_compressed": "page_compressed", "compression": "compression",
    "encryption": "encryption", "encrypted": "encrypted", "comment": "comment", "auto_increment": "auto_increment",
    "tablespace": "tablespace",
}  # fmt: skip
_REBUILDING = frozenset({
    "engine", "row_format", "key_block_size", "page_compressed", "compression", "encryption", "encrypted", "tablespace",
})  # fmt: skip
_PARTITION_VERBS = frozenset({
    "add", "drop", "truncate", "reorganize", "coalesce", "exchange", "rebuild", "optimize", "analyze", "check",
    "repair", "convert", "discard", "import",
})  # fmt: skip


IGNORED_REFERENCES = "references ignored"
"""The flag of a change whose column names REFERENCES, which MySQL reads and forgets."""


class Statement(Struct):
    """What is needed to read the actions of one ALTER TABLE."""

    text: str
    schema: Schema
    table: Table
    mariadb: bool
    algorithm: str = ""
    lock: str = ""


def read(statement: Statement, reader: Reader) -> Iterator[Change]:
    """Yield the changes behind `ALTER TABLE name`, in order."""
    while reader:
        part = _next(reader)
        start, end = part.start, part.stream[part.end - 1].end if part else part.start
        for change in _action(statement, part):
            yield _spanned(change, start, end)
        reader.accept(",")


def _spanned(change: Change, start: int, end: int) -> Change:
    return change if change.end else replace(change, start=start, end=end)


def _next(reader: Reader) -> Reader:
    """Take the next action; partitions and ORDER BY are lists to the end of the statement."""
    listing = reader.word() in _PARTITION_VERBS and reader.word(1) in {"partition", "partitions"}
    if listing or (reader.word(), reader.word(1)) == ("order", "by"):
        part = Reader(reader.stream, reader.at, reader.end)
        reader.at = reader.end
        return part
    return reader.until({","})


def _action(statement: Statement, part: Reader) -> Iterator[Change]:
    verb = part.word()
    if verb in _PARTITION_VERBS and part.word(1) in {"partition", "partitions"}:
        yield _partitions(statement, part)
        return
    handler = _VERBS.get(verb)
    if handler is not None:
        part.skip()
        yield from handler(statement, part)
        return
    yield from _options(statement, part)


def _partitions(statement: Statement, part: Reader) -> Change:
    verb, name = part.word(), part.word(2)
    kind = {"add": "add partition", "drop": "drop partition", "truncate": "truncate partition"}.get(
        verb, "change partitions"
    )
    return Change(kind, statement.table.name, "" if name == "(" else name, text=verb)


def _add(statement: Statement, part: Reader) -> Iterator[Change]:
    if part.word() in {"system", "period"}:
        yield Change("rebuild table", statement.table.name, text="system versioning")
        return
    constraint, index = elements.table_part(Reader(part.stream, part.at, part.end), statement.text)
    if constraint is not None or index is not None:
        yield added(statement, constraint, index, existing="exists" in part.words()[:6])
        return
    part.accept("column")
    tolerant = part.accept("if", "not", "exists")
    group = part.group()
    for item in group.parts() if group is not None else (part,):
        yield from _column(statement, item, tolerant=tolerant)


def _column(statement: Statement, part: Reader, *, tolerant: bool) -> Iterator[Change]:
    found = elements.column(part, statement.text, mariadb=statement.mariadb)
    flags = {"if not exists"} if tolerant else set()
    flags |= {"first"} if found.first else {"after"} if found.after else set()
    flags |= {IGNORED_REFERENCES} if found.references is not None and not statement.mariadb else set()
    column = shape.collated(statement.table, found.column)
    yield Change(
        "add column", statement.table.name, column.name, column=column, flags=frozenset(flags),
        columns=(found.after,) if found.after else (), start=found.start, end=found.end,
    )  # fmt: skip
    for constraint, index in found.parts():
        if index is None and constraint.kind is ConstraintKind.FOREIGN_KEY and not statement.mariadb:
            continue  # MySQL parses an inline REFERENCES and ignores it
        yield added(statement, constraint, index, inline=True)


def added(
    statement: Statement,
    constraint: Constraint | None,
    index: Index | None,
    *,
    inline: bool = False,
    existing: bool = False,
) -> Change:
    """Make the change that adds a constraint or an index."""
    table = statement.table
    flags = frozenset(word for word, said in (("inline", inline), ("if not exists", existing)) if said)
    named = shape.named_index(table, index) if index is not None else None
    if constraint is None:
        assert named is not None
        return Change("create index", table.name, named.name, index=named, columns=named.columns, flags=flags)
    if constraint.references:
        constraint = resolved(statement, constraint)
    name = named.name if named is not None else constraint.name
    others = (constraint.references,) if constraint.references else ()
    return Change(
        "add constraint", table.name, name, index=named, constraint=constraint, columns=constraint.columns,
        others=others, flags=flags, text=constraint.expression,
    )  # fmt: skip


def resolved(statement: Statement, constraint: Constraint) -> Constraint:
    """Give a foreign key the key of the table that it references."""
    place, _, name = constraint.references.rpartition(".")
    return replace(constraint, references=statement.schema.resolve(place, name))


def _drop(statement: Statement, part: Reader) -> Iterator[Change]:
    table = statement.table
    if part.word() in {"system", "period"}:
        yield Change("rebuild table", table.name, text="system versioning")
        return
    if part.accept("primary", "key"):
        yield Change("drop constraint", table.name, elements.PRIMARY, text="primary key")
        return
    what = part.one_of({"column", "index", "key", "constraint", "check", "foreign"})
    part.accept("key")
    flags = frozenset({"if exists"}) if part.accept("if", "exists") else frozenset()
    name = part.name()
    if what in {"index", "key"}:
        found = _names.same((item.name for item in table.indexes), name)
        yield Change("drop index", table.name, found, flags=flags, index=table.index(found))
    elif what in {"constraint", "check", "foreign"}:
        found = _names.same((item.name for item in table.constraints), name)
        known = table.constraint(found)
        text = "foreign key" if what == "foreign" else ""
        yield Change("drop constraint", table.name, found, flags=flags, constraint=known, text=text)
    else:
        found = _names.column(table, name)
        yield Change("drop column", table.name, found, flags=flags, old=table.column(found))


def _modify(statement: Statement, part: Reader) -> Iterator[Change]:
    part.accept("column")
    tolerant = part.accept("if", "exists")
    yield from _redefined(statement, part, "", tolerant=tolerant)


def _change(statement: Statement, part: Reader) -> Iterator[Change]:
    part.accept("column")
    tolerant = part.accept("if", "exists")
    yield from _redefined(statement, part, part.name(), tolerant=tolerant)


def _redefined(statement: Statement, part: Reader, named: str, *, tolerant: bool) -> Iterator[Change]:
    """MODIFY and CHANGE: the whole definition is given again, and what it leaves out is lost."""
    table = statement.table
    found = elements.column(part, statement.text, mariadb=statement.mariadb)
    old_name = _names.column(table, named or found.column.name)
    old = table.column(old_name)
    flags = {"if exists"} if tolerant else set()
    flags |= {"first"} if found.first else {"after"} if found.after else set()
    new = shape.collated(table, found.column)
    if any(index.primary and old_name in index.columns for index in table.indexes):
        new = replace(new, nullable=False)
    renamed = new.name if named and new.name.lower() != old_name.lower() else ""
    if renamed:
        yield Change("rename column", table.name, old_name, renamed, old=old)
    yield Change(
        "modify column", table.name, renamed or old_name, renamed, column=new, old=old, flags=frozenset(flags),
        columns=(found.after,) if found.after else (),
    )  # fmt: skip
    yield from _differences(table, old, new)
    for constraint, index in found.parts():
        if index is not None:
            yield added(statement, constraint, index, inline=True)


def _differences(table: Table, old: Column | None, new: Column) -> Iterator[Change]:
    """Say what a new definition changes, in the words in which other engines would say it."""
    if old is None:
        return
    if old.type != new.type:
        yield Change("change type", table.name, new.name, column=new, old=old)
    if old.nullable and not new.nullable:
        yield Change("set not null", table.name, new.name, column=new, old=old)
    if new.nullable and not old.nullable:
        yield Change("drop not null", table.name, new.name, column=new, old=old)
    if old.default and not new.default:
        yield Change("drop default", table.name, new.name, column=new, old=old)
    elif old.default != new.default:
        yield Change("set default", table.name, new.name, column=new, old=old, text=new.default)


def _alter(statement: Statement, part: Reader) -> Iterator[Change]:
    table = statement.table
    what = part.one_of({"column", "index", "key", "check", "constraint"})
    part.accept("if", "exists")
    name = part.name()
    if what in {"index", "key"}:
        yield Change("alter index", table.name, name, text=part.text(statement.text).lower())
        return
    if what in {"check", "constraint"}:
        yield Change("alter constraint", table.name, name, text=part.text(statement.text).lower())
        return
    found = _names.column(table, name)
    old = table.column(found)
    if part.accept("drop", "default"):
        yield Change("drop default", table.name, found, old=old)
    elif part.accept("set", "default"):
        yield Change("set default", table.name, found, old=old, text=elements.default(part, statement.text))
    else:
        yield Change("set column options", table.name, found, old=old)


def _rename(statement: Statement, part: Reader) -> Iterator[Change]:
    table = statement.table
    what = part.one_of({"column", "index", "key"})
    if what:
        part.accept("if", "exists")
        old = part.name()
        part.accept("to")
        new = part.name()
        if what == "column":
            found = _names.column(table, old)
            yield Change("rename column", table.name, found, new, old=table.column(found))
        else:
            yield Change("rename index", table.name, _names.same((i.name for i in table.indexes), old), new)
        return
    part.one_of({"to", "as", "="})
    place, name = part.qualified()
    yield Change("rename table", table.name, table.name, statement.schema.key(place, name))


def _convert(statement: Statement, part: Reader) -> Iterator[Change]:
    part.accept("to")
    given = options(part)
    wanted = given.get("collate") or given.get("charset", "")
    yield Change("convert charset", statement.table.name, wanted)


def _force(statement: Statement, part: Reader) -> Iterator[Change]:
    del part
    yield Change("rebuild table", statement.table.name, text="force")


def _keys(statement: Statement, part: Reader) -> Iterator[Change]:
    del part
    yield Change("alter table options", statement.table.name, text="keys")


def _order(statement: Statement, part: Reader) -> Iterator[Change]:
    del part
    yield Change("rebuild table", statement.table.name, text="order by")


def _repartition(statement: Statement, part: Reader) -> Iterator[Change]:
    del part
    yield Change("change partitions", statement.table.name, text="partition by")


def _algorithm(statement: Statement, part: Reader) -> Iterator[Change]:
    part.accept("=")
    statement.algorithm = part.word().upper()
    yield from ()


def _lock(statement: Statement, part: Reader) -> Iterator[Change]:
    part.accept("=")
    statement.lock = part.word().upper()
    yield from ()


def _waiting(statement: Statement, part: Reader) -> Iterator[Change]:
    """MariaDB's WAIT n and NOWAIT stand before the first action, without a comma."""
    if part.word().isdigit():
        part.skip()
    yield from _action(statement, part)


def options(part: Reader) -> dict[str, str]:
    """Take table options: `ENGINE=InnoDB DEFAULT CHARSET utf8mb4 ...`."""
    found: dict[str, str] = {}
    while part and part.word() not in {"partition", "as", "select", "algorithm", "lock", "ignore", "replace"}:
        part.accept("default")
        if part.accept("character", "set"):
            name = "charset"
        else:
            word = part.word()
            name = _OPTION_WORDS.get(word, word)
            part.skip()
        part.accept("=")
        value = part.token
        if value is not None and value.text != ",":
            part.skip()
            found[name] = value.text.strip("'\"`").lower()
        part.accept(",")
    return found


def _options(statement: Statement, part: Reader) -> Iterator[Change]:
    given = options(part)
    rebuilding = sorted(name for name in given if name in _REBUILDING)
    if rebuilding:
        text = ", ".join(f"{name}={given[name]}" for name in rebuilding)
        yield Change("rebuild table", statement.table.name, name=given.get("engine", ""), text=text)
    if given and set(given) - set(rebuilding):
        text = ", ".join(f"{name}={value}" for name, value in given.items() if name not in rebuilding)
        yield Change("alter table options", statement.table.name, text=text)
    if part and given:
        yield from _action(statement, part)


_VERBS: dict[str, Callable[[Statement, Reader], Iterator[Change]]] = {
    "add": _add, "drop": _drop, "modify": _modify, "change": _change, "alter": _alter, "rename": _rename,
    "convert": _convert, "force": _force, "disable": _keys, "enable": _keys, "discard": _keys, "import": _keys,
    "order": _order, "partition": _repartition, "remove": _repartition, "algorithm": _algorithm, "lock": _lock,
    "wait": _waiting, "nowait": _waiting,
}  # fmt: skip

"""Columns and constraints as they stand in SQLite's CREATE TABLE and ALTER TABLE."""

from msgspec import Struct
from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind
from instar.dialects._reader import Reader

_CONSTRAINT = frozenset({
    "constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "generated", "as",
})  # fmt: skip
_TABLE = frozenset({"constraint", "primary", "unique", "check", "foreign"})


class Definition(Struct, frozen=True):
    """A column with the constraints beside it."""

    column: Column
    constraints: tuple[Constraint, ...] = ()
    autoincrement: bool = False
    start: int = 0
    end: int = 0

    def has(self, kind: ConstraintKind) -> bool:
        """Whether a constraint of this kind stands beside the column."""
        return any(item.kind is kind for item in self.constraints)


def is_constraint(reader: Reader) -> bool:
    """Whether a constraint of the table comes, not a column."""
    token = reader.token
    return token is not None and token.kind == "word" and reader.word() in _TABLE


def column(reader: Reader, text: str) -> Definition:
    """Take a column's name and definition."""
    start, name = reader.start, reader.name()
    given = reader.until(_CONSTRAINT).text(text)
    found = Definition(Column(name, " ".join(given.split()).upper()), start=start)
    label = ""
    while reader:
        if reader.accept("constraint"):
            label = reader.name()
            continue
        found = _attribute(found, reader, text, label)
        label = ""
    inline = tuple(replace(item, inline=True) for item in found.constraints)
    return replace(found, constraints=inline, end=reader.stop)


def _attribute(found: Definition, reader: Reader, text: str, label: str) -> Definition:  # noqa: PLR0911 - one answer per word
    made = found.column
    if reader.accept("not", "null"):
        return replace(found, column=replace(made, nullable=False))
    if reader.accept("primary", "key"):
        key = Constraint(label, ConstraintKind.PRIMARY_KEY, (made.name,), named=bool(label))
        rowid = made.type == "INTEGER" and reader.word() != "desc"
        return replace(found, column=replace(made, identity=rowid), constraints=(*found.constraints, key))
    if reader.accept("autoincrement"):
        return replace(found, autoincrement=True)
    if reader.accept("unique"):
        key = Constraint(label, ConstraintKind.UNIQUE, (made.name,), named=bool(label))
        return replace(found, constraints=(*found.constraints, key))
    if reader.accept("default"):
        return replace(found, column=replace(made, default=default(reader, text)))
    if reader.accept("collate"):
        return replace(found, column=replace(made, collation=reader.name().lower()))
    if reader.word() in {"check", "references"}:
        item = check(reader, text, label) if reader.word() == "check" else references(reader, label, (made.name,))
        return replace(found, constraints=(*found.constraints, item))
    if reader.accept("generated", "always", "as") or reader.accept("as"):
        group = reader.group()
        kind = "stored" if reader.one_of({"stored", "virtual"}) == "stored" else "virtual"
        expression = group.text(text) if group is not None else ""
        return replace(found, column=replace(made, generated=kind, expression=expression))
    reader.skip()
    return found


def default(reader: Reader, text: str) -> str:
    """Take a DEFAULT's value."""
    start = reader.start
    if (group := reader.group()) is not None:
        return f"({group.text(text)})"
    if reader.word() in {"+", "-"}:
        reader.skip()
    word = reader.word()
    reader.skip()
    while reader.word() == ".":
        reader.skip()
        reader.skip()
    if word == "x" and reader.token is not None and reader.token.kind == "string":
        reader.skip()
    shown = text[start : reader.stop]
    return "" if word == "null" else shown


def check(reader: Reader, text: str, label: str) -> Constraint:
    """Take CHECK (...)."""
    reader.accept("check")
    group = reader.group()
    shown = group.text(text) if group is not None else ""
    mentioned = tuple(sorted(group.identifiers())) if group is not None else ()
    return Constraint(label, ConstraintKind.CHECK, mentioned, shown, named=bool(label))


def references(reader: Reader, label: str, columns: tuple[str, ...]) -> Constraint:
    """Take REFERENCES with its actions."""
    reader.accept("references")
    table = reader.name()
    group = reader.group()
    referenced = tuple(part.name() for part in group.parts()) if group is not None else ()
    action, deferrable = "", False
    while reader and reader.word() in {"on", "match", "deferrable", "not", "initially"}:
        if reader.accept("not", "deferrable") or reader.accept("match"):
            reader.one_of({"simple", "partial", "full"})
        elif reader.accept("not"):
            reader.at -= 1
            break
        elif reader.accept("deferrable"):
            deferrable = True
        elif reader.accept("initially"):
            reader.skip()
        else:
            action = _action(reader) or action
    return Constraint(
        label, ConstraintKind.FOREIGN_KEY, columns, references=table, referenced=referenced, on_delete=action,
        deferrable=deferrable, named=bool(label),
    )  # fmt: skip


def _action(reader: Reader) -> str:
    """Take ON DELETE or ON UPDATE; return what a delete does."""
    reader.accept("on")
    deleting = reader.one_of({"delete", "update"}) == "delete"
    said = reader.word()
    reader.skip()
    if said in {"set", "no"}:
        said += f" {reader.word()}"
        reader.skip()
    return said if deleting and said not in {"restrict", "no action"} else ""


def table_constraint(reader: Reader, text: str) -> Constraint:
    """Take a constraint of the table."""
    label = reader.name() if reader.accept("constraint") else ""
    if reader.word() == "check":
        return check(reader, text, label)
    if reader.accept("foreign", "key"):
        return references(reader, label, names(reader))
    primary = reader.accept("primary", "key")
    reader.accept("unique")
    kind = ConstraintKind.PRIMARY_KEY if primary else ConstraintKind.UNIQUE
    return Constraint(label, kind, names(reader), named=bool(label))


def names(reader: Reader) -> tuple[str, ...]:
    """Take a list of columns in parentheses; "" for an expression."""
    group = reader.group()
    return tuple(_column(part) for part in group.parts()) if group is not None else ()


def _column(part: Reader) -> str:
    following = part.word(1)
    return part.name() if following in {"", "asc", "desc", "collate"} else ""

"""A SQLite table that is made anew under its own name: what ALTER TABLE cannot do.

The steps are those of SQLite's manual, "Making Other Kinds Of Table Schema Changes". Foreign keys are off meanwhile:
else dropping the old table deletes the rows that reference it with ON DELETE CASCADE.
"""

from collections.abc import Iterator, Mapping

from instar.catalog import Column, Constraint, ConstraintKind, Table
from instar.dialects.sqlite.identifiers import spell


def script(old: Table, new: Table, values: Mapping[str, str] | None = None, *, views: bool = False) -> str:
    """Return the statements that make `new` of `old`; `values` are expressions for columns that are not only copied.

    `views`: some view reads the table, which legacy_alter_table lets stand while the table is gone.
    """
    values = values or {}
    own = [item.name for item in new.columns if not item.generated]
    taken = [name for name in own if name in values or old.column(name) is not None]
    name, passing = spell(old.name), spell(f"{old.name}_new")
    from_old = ", ".join(values.get(column, spell(column)) for column in taken)
    legacy = ["PRAGMA legacy_alter_table = ON;"] if views else []
    return "\n".join([
        "PRAGMA foreign_keys = OFF;", *legacy,
        "BEGIN;",
        f"{create(new, f'{old.name}_new')};",
        f"INSERT INTO {passing} ({', '.join(spell(column) for column in taken)})\nSELECT {from_old} FROM {name};",
        f"DROP TABLE {name};",
        f"ALTER TABLE {passing} RENAME TO {name};",
        *(f"{text};" for text in _around(new)),
        "COMMIT;", *(["PRAGMA legacy_alter_table = OFF;"] if views else []),
        "PRAGMA foreign_key_check;",
        "PRAGMA foreign_keys = ON;",
    ])  # fmt: skip


def _around(table: Table) -> Iterator[str]:
    """Yield what went with the old table: its indexes and triggers."""
    known = {column.name for column in table.columns}
    for index in table.indexes:
        if index.definition and index.uses <= known:
            yield index.definition.rstrip().rstrip(";")
    yield from (text.rstrip().rstrip(";") for text in table.trigger_texts)


def create(table: Table, name: str) -> str:
    """Return the CREATE TABLE of a table under another name."""
    inside = [_column(item, table) for item in table.columns]
    inside += [_constraint(item) for item in table.constraints if not _beside(item, table)]
    options = [word.upper() for word in ("without rowid", "strict") if word in table.options]
    body = ",\n    ".join(inside)
    return f"CREATE TABLE {spell(name)} (\n    {body}\n)" + (f" {', '.join(options)}" if options else "")


def _beside(item: Constraint, table: Table) -> bool:
    """Whether a constraint must stand beside its column: AUTOINCREMENT is possible only there."""
    return item.kind is ConstraintKind.PRIMARY_KEY and "autoincrement" in table.options


def _column(item: Column, table: Table) -> str:
    parts = [spell(item.name), item.type]
    if item.generated:
        parts.append(f"GENERATED ALWAYS AS ({item.expression}) {item.generated.upper()}")
    key = next((key for key in table.constraints if _beside(key, table) and item.name in key.columns), None)
    if key is not None:
        parts.append("PRIMARY KEY AUTOINCREMENT")
    if not item.nullable:
        parts.append("NOT NULL")
    if item.default:
        parts.append(f"DEFAULT {item.default}")
    if item.collation:
        parts.append(f"COLLATE {item.collation.upper()}")
    return " ".join(part for part in parts if part)


def _constraint(item: Constraint) -> str:
    label = f"CONSTRAINT {spell(item.name)} " if item.name else ""
    columns = ", ".join(spell(name) for name in item.columns)
    if item.kind is ConstraintKind.CHECK:
        return f"{label}CHECK ({item.expression})"
    if item.kind is not ConstraintKind.FOREIGN_KEY:
        return f"{label}{item.kind.value.upper()} ({columns})"
    referenced = f" ({', '.join(spell(name) for name in item.referenced)})" if item.referenced else ""
    action = f" ON DELETE {item.on_delete.upper()}" if item.on_delete else ""
    deferred = " DEFERRABLE INITIALLY DEFERRED" if item.deferrable else ""
    return f"{label}FOREIGN KEY ({columns}) REFERENCES {spell(item.references)}{referenced}{action}{deferred}"

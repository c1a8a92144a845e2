"""A column of another type beside the old one: the steps that bring its values over while the application goes on."""

import re

from instar.catalog import Column, Constraint, ConstraintKind
from instar.lint import rewrite
from instar.lint.look import Look

_TYPE = re.compile(r"\btype\s+(?P<type>.+?)(?:\s+using\s+(?P<using>.+))?$", re.IGNORECASE | re.DOTALL)
_INDENT = "    "
_NOT_NULL = ConstraintKind.NOT_NULL


def wanted(text: str) -> tuple[str, str]:
    """Return the type and the USING expression of "ALTER COLUMN total TYPE numeric(12,4) USING ..." as written."""
    match = _TYPE.search(text)
    return (match["type"].strip(), (match["using"] or "").strip()) if match else ("", "")


def filled(look: Look, column: str, value: str, where: str = "") -> str:
    """Return a statement that gives `column` its value in the rows that are there, a few at a time."""
    table, key = look.name(), _key(look)
    if not key:
        condition = f" WHERE {where}" if where else ""
        told = "-- in batches over the primary key, each in a transaction of its own:"
        return f"{told}\nUPDATE {table} SET {column} = {value}{condition}"
    condition = f" AND {where}" if where else ""
    lines = (
        "DO $$",
        "DECLARE",
        f"{_INDENT}here {table}.{key}%TYPE := (SELECT min({key}) FROM {table});",
        f"{_INDENT}upto {table}.{key}%TYPE;",
        "BEGIN",
        f"{_INDENT}WHILE here IS NOT NULL LOOP",
        f"{_INDENT * 2}SELECT max({key}) INTO upto",
        f"{_INDENT * 2}FROM (SELECT {key} FROM {table} WHERE {key} >= here ORDER BY {key} LIMIT 1000) AS batch;",
        f"{_INDENT * 2}UPDATE {table} SET {column} = {value} WHERE {key} BETWEEN here AND upto{condition};",
        f"{_INDENT * 2}COMMIT;",
        f"{_INDENT * 2}here := (SELECT min({key}) FROM {table} WHERE {key} > upto);",
        f"{_INDENT}END LOOP;",
        "END $$",
    )
    return "\n".join(lines)


def _key(look: Look) -> str:
    """Return the column of the primary key, as written in SQL; "" where it is not known or has several."""
    keys = [item.columns for item in look.table().indexes if item.primary]
    return rewrite.name(look, keys[0][0]) if keys and len(keys[0]) == 1 else ""


def followed(look: Look, column: str, value: str) -> tuple[str, list[str]]:
    """Return the name of a trigger that keeps `column` at `value`, and the statements that make it.

    `value` is an expression over columns of the table, as they are called in SQL.
    """
    table = look.name()
    made = rewrite.free_name(look, look.table().name, column.strip('"'), "follows")
    name = rewrite.name(look, made)
    body = f"BEGIN\n{_INDENT}NEW.{column} := {value};\n{_INDENT}RETURN NEW;\nEND"
    return name, [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\n{body} $$",
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def of_new_row(look: Look, expression: str) -> str:
    """Return an expression over the table's columns with NEW. before each of them, for a trigger."""
    names = sorted((item.name for item in look.table().columns), key=len, reverse=True)
    if not names:
        return expression
    word = re.compile(rf"(?<![\w.\"'])\"?({'|'.join(re.escape(name) for name in names)})\"?(?![\w\"'(])")
    return word.sub(lambda match: f"NEW.{match[0]}", expression)


def stands_on(look: Look, column: str) -> list[str]:
    """Return what hangs on a column so that it does not follow when another column takes its name."""
    table = look.table()
    known = table.column(column)
    found = [item.name for item in table.constraints if column in item.columns and item.kind is not _NOT_NULL]
    found += [item.name for item in table.indexes if column in item.uses and item.name not in found]
    found += [
        f"a foreign key of {other.name}" for other, key in look.schema.referencing(table.name) if _to(key, column)
    ]
    found += [view.name for view in look.schema.views(table.name)]
    found += [f"the identity of {column}"] if known is not None and known.identity else []
    return [*found, *([f"partitions of {table.name}"] if table.kind == "partitioned" else [])]


def _to(key: Constraint, column: str) -> bool:
    return not key.referenced or column in key.referenced


def replaced(look: Look, column: str, type_text: str, using: str) -> list[str]:
    """Return the steps that replace a column by one of another type, with the swap in one transaction.

    Its default, NOT NULL and plain indexes come along. Nothing where more stands on it (`stands_on`), or the
    table is not known.
    """
    known = look.table().column(column)
    if known is None or not look.table().complete or stands_on(look, column):
        return []
    table, written = look.name(), rewrite.name(look, column)
    new, old = rewrite.name(look, f"{column}_new"), rewrite.name(look, f"{column}_old")
    trigger, steps = followed(look, new, of_new_row(look, using) if using else f"NEW.{written}")
    return [
        f"ALTER TABLE {table} ADD COLUMN {new} {type_text}",
        *steps,
        filled(look, new, using or written),
        *_twins(look, column),
        *(rewrite.not_null(look, [f"{column}_new"]) if not known.nullable else ()),
        "BEGIN",
        *_swapped(look, known, old, new),
        f"DROP TRIGGER {trigger} ON {table}",
        f"DROP FUNCTION {trigger}()",
        "COMMIT",
    ]


def _swapped(look: Look, column: Column, old: str, new: str) -> list[str]:
    """Return the swap of names. The old column must not refuse rows that do not know it."""
    start, written = f"ALTER TABLE {look.name()}", rewrite.name(look, column.name)
    steps = [f"{start} RENAME COLUMN {written} TO {old}", f"{start} RENAME COLUMN {new} TO {written}"]
    if not column.nullable:
        steps.append(f"{start} ALTER COLUMN {old} DROP NOT NULL")
    if column.default:
        steps.append(f"{start} ALTER COLUMN {written} SET DEFAULT {column.default}")
    return steps


def _twins(look: Look, column: str) -> list[str]:
    """Return an index on the new column for each that stands on the old one."""
    table, made = look.table(), []
    for index in table.indexes:
        if column in (*index.columns, *index.include):
            keys, more = (
                ", ".join(rewrite.name(look, f"{key}_new" if key == column else key) for key in group)
                for group in (index.columns, index.include)
            )
            name = rewrite.name(look, rewrite.free_name(look, index.name.rpartition(".")[2], "new"))
            how = f" USING {index.method}" if index.method != "btree" else ""
            unique, include = "UNIQUE " if index.unique else "", f" INCLUDE ({more})" if more else ""
            made.append(f"CREATE {unique}INDEX CONCURRENTLY {name} ON {look.name()}{how} ({keys}){include}")
    return made

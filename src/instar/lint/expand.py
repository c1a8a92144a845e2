"""A column of another type beside the old one: the steps that bring its values over while the application goes on."""

import re

from instar.lint import rewrite
from instar.lint.look import Look

_TYPE = re.compile(r"\btype\s+(?P<type>.+?)(?:\s+using\s+(?P<using>.+))?$", re.IGNORECASE | re.DOTALL)
_INDENT = "    "


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


def replaced(look: Look, column: str, type_text: str, using: str) -> list[str]:
    """Return the steps that replace a column by one of another type, with the swap in one transaction."""
    table = look.name()
    written = rewrite.name(look, column)
    new, old = rewrite.name(look, f"{column}_new"), rewrite.name(look, f"{column}_old")
    value = using or written
    trigger, steps = followed(look, new, of_new_row(look, using) if using else f"NEW.{written}")
    return [
        f"ALTER TABLE {table} ADD COLUMN {new} {type_text}",
        *steps,
        filled(look, new, value),
        "BEGIN",
        f"ALTER TABLE {table} RENAME COLUMN {written} TO {old}",
        f"ALTER TABLE {table} RENAME COLUMN {new} TO {written}",
        f"DROP TRIGGER {trigger} ON {table}",
        f"DROP FUNCTION {trigger}()",
        "COMMIT",
    ]

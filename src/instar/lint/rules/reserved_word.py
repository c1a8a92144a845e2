"""A name that is a reserved word has to be quoted in every query, for ever.

`SELECT * FROM order` is a syntax error, and `SELECT * FROM user` answers with the name of the session's user instead of
the table's rows. Choose another word: the plural, or what the thing is to the business.
"""

import re
from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("create table", "create table as", "create view", "rename table", "add column", "rename column")
BAD = 'CREATE TABLE "user" (id bigint PRIMARY KEY, name text);'
GOOD = "CREATE TABLE users (id bigint PRIMARY KEY, name text);"
PROOF = Proof("shows", "SELECT relname FROM pg_class WHERE relname = 'user' AND relkind = 'r'")

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def check(look: Look) -> Iterator[Finding]:
    """Flag names that cannot be written without quotes, though they look as if they could."""
    change = look.change
    if change is None or change.cleared:
        return
    for name in _names(look):
        spelled = look.dialect.spell(name)
        if _PLAIN.fullmatch(name) and spelled != name:
            yield look.finding(
                f"{spelled} is a reserved word: it has to be quoted in every query",
                why=f"without quotes, a query on {name} is a syntax error, or means something else",
                advice=f"choose another name than {name}: the plural, or what it is to the business",
                relation="",
            )


def _names(look: Look) -> tuple[str, ...]:
    change = look.change
    assert change is not None
    if change.kind == "rename table":
        return (change.new_name.rpartition(".")[2],)
    if change.kind in {"add column", "rename column"}:
        return (change.new_name or change.name,)
    columns = change.table.columns if change.table is not None else ()
    return (change.relation.rpartition(".")[2], *(item.name for item in columns))

"""ENUM or SET values that move or go: the table is copied while writes wait, and rows with lost values are in the way.

New values at the end are instant. Values in the middle, in another order, or missing make the server copy the table; a
row that holds a missing value fails the statement, or without strict mode becomes ''.

Safe when: the table is new in this migration, or the live catalog says that it is small.
"""

from collections.abc import Iterator

from instar.lint import online_ddl
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("mysql", "mariadb")
ON = ("modify column",)
DOWN = True
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY, status ENUM('new', 'paid', 'sent'));"
BAD = "ALTER TABLE orders MODIFY status ENUM('new', 'held', 'paid', 'sent');"
GOOD = "ALTER TABLE orders MODIFY status ENUM('new', 'paid', 'sent', 'held');"
PROOF = Proof("algorithm", "INPLACE")


def check(look: Look) -> Iterator[Finding]:
    """Flag values that are not only appended."""
    change, work = look.change, online_ddl.rewrite(look.change)
    if change is None or work is None or not online_ddl.listing(change) or not online_ddl.copies(change):
        return
    if look.new() or look.small() or look.effect.error:
        return
    table, column = look.name(), look.name(change.name)
    yield look.finding(
        f"{table}.{column} is written anew in every row while writes wait",
        why=f"{work.reason}; INSERT, UPDATE and DELETE on {table} wait until the copy is done",
        advice=f"only add values at the end of {column}; order them in the application, or in a table of their own",
        unknown=work.unknown,
    )

"""REFERENCES beside a column is read and forgotten by MySQL: there is no foreign key afterwards.

MySQL parses `customer_id INT REFERENCES customers (id)` without a warning and makes nothing of it (MySQL manual,
1.6.2.3). MariaDB makes a foreign key of it.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.ERROR
DIALECTS = ("mysql",)
ON = ("create table", "add column")
SETUP = "CREATE TABLE customers (id INT PRIMARY KEY);"
BAD = "CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT REFERENCES customers (id));"
GOOD = """CREATE TABLE orders (
    id INT PRIMARY KEY,
    customer_id INT,
    CONSTRAINT fk_orders_customer_id FOREIGN KEY (customer_id) REFERENCES customers (id)
);"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag a reference that nothing keeps."""
    change = look.change
    if change is None or "references ignored" not in change.flags:
        return
    table = look.name()
    yield look.finding(
        f"the REFERENCES beside a column of {table} is ignored by MySQL",
        why="no foreign key is made, and rows that lead nowhere are accepted",
        advice=f"write CONSTRAINT ... FOREIGN KEY (...) REFERENCES ... as a part of {table} by itself",
    )

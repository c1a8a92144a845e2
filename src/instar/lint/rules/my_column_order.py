"""FIRST or AFTER makes the server rewrite the table where a column at the end would not.

MySQL before 8.0.29 adds columns instantly at the end only; MariaDB cannot put one before a virtual column without a
copy. The order of columns means nothing to a query that names them.

Safe when: the server can do it instantly; the table is new in this migration.
"""

import re
from collections.abc import Iterator

from instar.lint import online_ddl
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("mysql", "mariadb")
ON = ("add column",)
DOWN = True
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY, net INT NOT NULL, gross INT AS (net * 2) VIRTUAL);"
BAD = "ALTER TABLE orders ADD COLUMN note VARCHAR(50) AFTER id;"
GOOD = "ALTER TABLE orders ADD COLUMN note VARCHAR(50), ALGORITHM=INSTANT;"
PROOF = Proof("algorithm", "INSTANT")
EXAMPLES = {
    "mysql": Example(
        "CREATE TABLE orders (id INT PRIMARY KEY, net INT) ROW_FORMAT = COMPRESSED;",
        BAD,
        "ALTER TABLE orders ADD INDEX idx_orders_net (net), ALGORITHM=INPLACE, LOCK=NONE;",
        PROOF,
    )
}

_PLACE = re.compile(r"\s+(?:FIRST|AFTER\s+(?:`[^`]+`|[\w$]+))", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a place that costs a rewrite."""
    change, work = look.change, online_ddl.rewrite(look.change)
    if change is None or work is None or not online_ddl.places(change) or look.new() or look.small():
        return
    if look.effect.error:
        return
    table = look.name()
    text = look.effect.text
    shorter = f"{text[: change.start]}{_PLACE.sub('', text[change.start : change.end])}{text[change.end :]}"
    waits = online_ddl.writes_wait(change)
    yield look.finding(
        f"the place of {look.name(change.name)} makes the server write {table} anew",
        why=f"{work.reason}; " + (f"writes to {table} wait meanwhile" if waits else "replicas fall behind meanwhile"),
        advice=f"add {look.name(change.name)} at the end, which is instant",
        fix=None if look.depth else Fix(f"{shorter.rstrip()};"),
        unknown=work.unknown,
    )

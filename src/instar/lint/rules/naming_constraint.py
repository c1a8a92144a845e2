"""A constraint is not named by the project's template: `fk_{table}_{columns}`, `uk_...`, `chk_...`, `pk_...`.

The name stands in the error that a user's write gives, and in the next migration that drops it. Standards:
pk_users_id, fk_orders_user_id, uk_users_email, chk_orders_amount_positive. The rule about the words after the table is
that of indexes. Only constraints that this migration adds and names are judged, and not those that it makes anew under
their old names.

Safe when: the name fits `primary_key`, `foreign_key`, `unique` or `check` under `[naming]` in instar.toml (an empty
text: anything does), is one of `exceptions`, or is what the server itself would choose (`orders_total_check`).
"""

from collections.abc import Iterator

from instar.catalog import Constraint
from instar.lint import naming
from instar.lint.around import at, tables_made
from instar.lint.look import Look
from instar.lint.naming import added
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "naming"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration", "add constraint")
NEEDS = frozenset({"create table", "create table as"})
SETUP = ""
BAD = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100), CONSTRAINT only_once UNIQUE (email));"
GOOD = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100), CONSTRAINT uk_users_email UNIQUE (email));"
PROOF = Proof("style")

_FIXED = "PRIMARY"
"""What MySQL and MariaDB call every primary key, whatever is written."""


def check(look: Look) -> Iterator[Finding]:
    """Flag names of new constraints."""
    change = look.change
    if change is not None:
        if change.constraint is not None:
            yield from _judged(look, change.constraint, change.relation)
        return
    for index, effect, made_by, table in tables_made(look):
        with at(look, index, effect, made_by):
            for item in table.constraints:
                found = list(_judged(look, item, table.name))
                if found and item.name not in added(look, table.name, "add constraint"):
                    yield from found


def _judged(look: Look, item: Constraint, table: str) -> Iterator[Finding]:
    rules, name = look.options.naming, naming.bare(item.name)
    pattern = naming.template(rules, item)
    if not (item.named and name and pattern) or name == _FIXED or naming.excepted(name, rules):
        return
    if naming.fits(name, pattern, table, item.columns, referenced=item.references):
        return
    if naming.automatic(look, name, table) or naming.was_there(look, name):
        return
    place = look.effect.text.find(name)
    yield look.finding(
        f"the {item.kind} {look.name(name)} of {look.name(table)} is not named like {pattern}",
        advice=naming.call_it(look, naming.for_constraint(rules, item, table), table),
        relation=table,
        start=place if place >= 0 else None,
        end=place + len(name) if place >= 0 else None,
    )

"""Dropping a unique constraint or index takes the target away from INSERT ... ON CONFLICT.

`INSERT ... ON CONFLICT (email)` looks for a unique index on exactly these columns when it is planned. Without one it
fails: "there is no unique or exclusion constraint matching the ON CONFLICT specification". And from then on nothing
stops the second row with the same value.

Safe when: another unique index or constraint stands on the same columns, in any order, also one that this migration
makes; this migration has created the table.
"""

import re
from collections.abc import Iterator

from instar.catalog import Constraint, ConstraintKind, Index, Table
from instar.effects import Change
from instar.lint.around import ahead, listed
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "sqlite")
ON = ("drop constraint", "drop index")
SETUP = """CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));
CREATE UNIQUE INDEX uk_users_email ON users (email);
CREATE UNIQUE INDEX uk_users_email_again ON users (email);
CREATE UNIQUE INDEX uk_users_id_email ON users (id, email);
"""
BAD = "DROP INDEX uk_users_id_email;"
GOOD = "DROP INDEX uk_users_email_again;"
PROOF = Proof("breaks", "INSERT INTO users (id, email) VALUES (-1, 'a') ON CONFLICT (id, email) DO NOTHING")

_OTHER = re.compile(r"^(?:chk|ck|check|fk|nn)_|_(?:check|chk|fkey|fk|not_null|nn)\d*$", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a unique index whose columns no other unique index covers."""
    change = look.change
    if change is None:
        return
    key = look.schema.owner(change.name) if change.kind == "drop index" else change.relation
    key = key or change.relation
    table = look.table(key)
    lost = _lost(change, table)
    if not lost and _unclear(change, table):
        yield look.finding(
            f"{change.name} of {look.name()} may be what INSERT ... ON CONFLICT of the released application goes by",
            why="without a unique constraint on its columns, such an INSERT fails",
            advice="release an application that does not rely on it first",
            unknown=f"what {change.name} of {look.name()} demands",
        )
        return
    if not lost or key in look.unit.created or _covered(look, table, change.name, lost):
        return
    name, columns = look.name(key), ", ".join(look.name(item) for item in lost)
    keys = _needing(look, table, lost)
    yield look.finding(
        f"nothing keeps ({columns}) of {name} unique any more",
        why=f"INSERT ... ON CONFLICT ({columns}) of the released application fails, and duplicates get in"
        + (f"; {listed(keys)} {'need' if len(keys) > 1 else 'needs'} it" if keys else ""),
        advice=f"release an application that does not rely on it first, or build the index that follows on ({columns}) "
        "before this one goes",
        relation=key,
    )


def _needing(look: Look, table: Table, columns: tuple[str, ...]) -> list[str]:
    """Return the tables whose foreign keys go by these columns, as written in SQL."""
    primary = next((item.columns for item in table.constraints if item.kind is ConstraintKind.PRIMARY_KEY), ())
    found = (
        look.name(other.name)
        for other, constraint in look.schema.referencing(table.name)
        if set(constraint.referenced or primary) == set(columns)
    )
    return list(dict.fromkeys(found))


def _lost(change: Change, table: Table) -> tuple[str, ...]:
    """Return the columns that were kept unique, none when that is not what goes."""
    found: Constraint | Index | None = table.constraint(change.name) or table.index(change.name)
    if isinstance(found, Constraint):
        unique = found.kind in {ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY, ConstraintKind.EXCLUDE}
        return found.columns if unique else ()
    if found is None or not found.unique or found.predicate or "" in found.columns or not found.valid:
        return ()
    return found.columns


def _unclear(change: Change, table: Table) -> bool:
    """Whether the constraint may be a unique one: nothing is known of it, and its name does not say."""
    known = table.complete or change.kind != "drop constraint" or table.constraint(change.name) is not None
    return not (known or _OTHER.search(change.name) or "if exists" in change.flags)


def _covered(look: Look, table: Table, name: str, columns: tuple[str, ...]) -> bool:
    wanted = set(columns)
    kept = (item for item in table.indexes if item.unique and not item.predicate and item.valid)
    if any(set(item.columns) == wanted and name not in {item.name, item.constraint} for item in kept):
        return True
    effects = [look.effect, *(effect for _, effect in ahead(look))]
    return any(item.relation == table.name and _makes(item) == wanted for effect in effects for item in effect.changes)


def _makes(change: Change) -> set[str]:
    if change.kind.startswith("drop "):
        return set()
    if change.index is not None and change.index.unique and not change.index.predicate:
        return set(change.index.columns)
    unique = {ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY}
    return set(change.constraint.columns) if change.constraint and change.constraint.kind in unique else set()

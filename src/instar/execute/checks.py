"""`before` and `after` checks: a query that returns rows, or a block that raises, stops the migration."""

from collections.abc import Sequence
from typing import Any, NoReturn

from instar.dialects import Command, Dialect, Outcome, Session, Tell
from instar.errors import CheckFailedError, DatabaseError, UsageError
from instar.model import Kind, Migration, Script, Statement
from instar.source.script import place_in, statements

_SHOWN = 10


def before(session: Session, dialect: Dialect, migration: Migration, tell: Tell) -> None:
    """Run the checks that must pass before anything is changed; whatever they did is rolled back.

    Raises CheckFailedError with the first rows found.
    """
    if not migration.before:
        return
    session.run([Command(dialect.begin)])
    try:
        _run(session, dialect, migration, migration.before, tell, "before")
    finally:
        if session.in_transaction():
            session.run([Command("ROLLBACK")])


def inside(session: Session, dialect: Dialect, migration: Migration, tell: Tell) -> None:
    """Run the `before` checks inside a transaction that is open."""
    _run(session, dialect, migration, migration.before, tell, "before")


def after(session: Session, dialect: Dialect, migration: Migration, tell: Tell) -> None:
    """Run the checks that must pass before the migration's last transaction commits."""
    if migration.after:
        _run(session, dialect, migration, migration.after, tell, "after")


def _run(
    session: Session, dialect: Dialect, migration: Migration, scripts: Sequence[Script], tell: Tell, when: str
) -> None:
    for script in scripts:
        for statement in statements(script, dialect):
            _refuse_borders(statement)
            _check(session, statement, tell, f"the {when} check of {migration.label}")


def _refuse_borders(statement: Statement) -> None:
    if statement.kind in {Kind.PLAIN, Kind.SETTING, Kind.SETTING_LOCAL}:
        return
    raise UsageError(
        "a check must not begin or end a transaction, nor need to be outside of one",
        hint="write queries that return no row, or blocks that raise",
        place=place_in(statement, None),
    )


def _check(session: Session, statement: Statement, tell: Tell, what: str) -> None:
    try:
        outcome = session.run([Command(statement.text)], tell=tell)[0]
    except DatabaseError as error:
        if error.connection_lost or error.lock_timeout:
            raise
        place = place_in(statement, error.position)
        raise CheckFailedError(f"{what} failed: {error.message}", hint=error.hint, place=place) from error
    if outcome.rows:
        _violated(outcome, statement, what)


def _violated(outcome: Outcome, statement: Statement, what: str) -> NoReturn:
    assert outcome.rows is not None
    count = len(outcome.rows)
    raise CheckFailedError(
        f"{what} found {count} row{'s' if count != 1 else ''} where there must be none",
        columns=outcome.columns,
        rows=tuple(outcome.rows[:_SHOWN]),
        hint="mend these rows, then run the same command again",
        place=place_in(statement, None),
    )


class Guarded:
    """A driver connection lent to a Python migration: everything but ending the transaction, which is instar's."""

    _refused = frozenset(
        {"commit", "rollback", "close", "autocommit", "set_autocommit", "begin", "isolation_level", "executescript"}
    )

    def __init__(self, connection: object) -> None:
        object.__setattr__(self, "_connection", connection)

    def __getattr__(self, name: str) -> Any:
        if name in self._refused:
            _refuse(name)
        return getattr(object.__getattribute__(self, "_connection"), name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in self._refused:
            _refuse(name)
        setattr(object.__getattribute__(self, "_connection"), name, value)


def _refuse(name: str) -> NoReturn:
    raise DatabaseError(
        f"a migration must not use {name}: its transaction also records it in the history",
        hint="return from the function, and instar commits; raise, and it rolls back",
    )

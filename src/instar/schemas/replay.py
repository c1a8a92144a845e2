"""Schemas made from files in a database to throw away: migrations replayed, dumps loaded, models created."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from instar import dialects
from instar.config import Environment, Policy
from instar.dialects import Command, Names, Session, Settings, Throwaway
from instar.errors import DatabaseError, InstarError, UsageError
from instar.migrator import Migrator
from instar.model import Migration, Script
from instar.snapshot import Snapshot
from instar.source import script as source_script

T = TypeVar("T")
_PATIENT = Settings(lock_timeout=None, statement_timeout=None)


class Made(Migrator):
    """A migrator that knows some of a folder's migrations only."""

    only: Collection[str] | None = None

    def migrations(self) -> list[Migration]:
        """Read the migrations, without those that are not wanted."""
        found = super().migrations()
        return found if self.only is None else [item for item in found if item.version in self.only]


@contextmanager
def throwaway(
    dialect: dialects.Dialect, version: int = 0, server: str = "", *, beside: str = ""
) -> Iterator[Throwaway]:
    """Make an empty database and take it away afterwards.

    Where no server is named and none can be started, it is made on the server of the database `beside`.
    """
    made = _made(dialect, version, server, beside)
    try:
        yield made
    finally:
        made.close()


def _made(dialect: dialects.Dialect, version: int, server: str, beside: str) -> Throwaway:
    try:
        return dialect.throwaway(version, server)
    except UsageError:
        if server or not beside or dialects.for_url(beside).name != dialect.name:
            raise
        return dialect.throwaway(version, beside)


def names_of(environment: Environment) -> Names:
    """Return what our tables are called in an environment."""
    return Names(environment.table, environment.log_table, environment.schema, environment.internal_schema)


def snapshot_of(session: Session, environment: Environment) -> Snapshot:
    """Read a database's schema without our own tables."""
    return session.snapshot(session.resolve(names_of(environment)))


def migrations(environment: Environment, place: Throwaway, only: Collection[str] | None = None) -> Snapshot:
    """Apply the migrations of an environment's folders (or `only` those versions) and read the schema that they make.

    Roles that they name are made where they are not there. Raises MigrationFailedError when one does not run.
    """
    here = environment.replace(url=place.url, policy=Policy(), session_pooler=False, out_of_order="apply")
    with Made(environment=here) as migrator:
        migrator.only = only
        supplied(place, migrator.up)
    return read(place, environment)


def dump(path: Path, environment: Environment, place: Throwaway) -> Snapshot:
    """Load a dump and read the schema that it makes. Raises UsageError at a statement that the server refuses."""
    dialect = dialects.for_url(place.url)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    with closing(dialect.connect(place.url, _PATIENT)) as session:
        for statement in source_script.statements(Script(text, str(path)), dialect):
            run = partial(session.run, [Command(statement.text, statement=statement)])
            try:
                supplied(place, run)
            except DatabaseError as error:
                where = source_script.place_in(statement, error.position)
                raise UsageError(f"the dump does not load: {error.message}", hint=error.hint, place=where) from error
    return read(place, environment)


def read(place: Throwaway, environment: Environment) -> Snapshot:
    """Read the schema of a database to throw away."""
    dialect = dialects.for_url(place.url)
    with closing(dialect.connect(place.url, _PATIENT)) as session:
        return snapshot_of(session, environment)


def supplied(place: Throwaway, act: Callable[[], T]) -> T:
    """Do something, again and again as long as a role is missing that can be made."""
    while True:
        try:
            return act()
        except InstarError as error:
            refused = error if isinstance(error, DatabaseError) else error.__cause__
            if not isinstance(refused, DatabaseError):
                raise
            if not place.supply(refused):
                error.hint = place.advice(refused) or error.hint
                raise

"""What single statements, files or migrations do: on the live catalog, or on what the project's migrations make."""

from collections.abc import Iterator

from instar import dialects
from instar.catalog import Schema
from instar.config import Environment
from instar.dialects import Dialect
from instar.effects import Effect
from instar.errors import UsageError
from instar.judgement import Estimate, Explained, Size
from instar.lint import duration
from instar.linting import Request, chosen, dialect_of
from instar.linting.places import repository
from instar.model import Migration, MigrationKind, Script
from instar.source import script as source_script


def explain(environment: Environment, asked: Request, catalog: Schema | None = None) -> tuple[Explained, ...]:
    """Say what each statement of what is asked for does.

    Without `catalog` the project's other migrations are replayed in memory first, as far as they come before it. Each
    statement sees what those before it have made. Raises UsageError at a statement that the server would refuse.
    """
    dialect = dialects.load(dialect_of(environment, asked))
    files = chosen.choose(environment, repository(environment.root), asked.only, "", asked.text)
    schema = dialect.schema() if catalog is None else catalog
    version = asked.server_version or environment.lint.server_version
    if version and (catalog is None or asked.server_version):
        schema.version = (version,)
    found: list[Explained] = []
    for migration in files.migrations:
        if files.wanted is None or migration.version in files.wanted:
            alone = catalog is None and migration.kind is MigrationKind.BASELINE
            found += _explained(migration, dialect, dialect.schema() if alone else schema)
        elif catalog is None:
            _replay(migration, dialect, schema)
    return tuple(found)


def _explained(migration: Migration, dialect: Dialect, schema: Schema) -> Iterator[Explained]:
    for script in migration.up:
        for statement in source_script.statements(script, dialect):
            effect = dialect.analyse(statement.text, schema)
            if effect.error:
                message = f"the server refuses this statement: {effect.error}"
                raise UsageError(message, place=source_script.place_in(statement, effect.at))
            yield Explained(statement, effect, tuple(_sizes(effect, schema)), _duration(effect, schema))
            dialect.learn(effect, schema, migration.version)


def _sizes(effect: Effect, schema: Schema) -> Iterator[Size]:
    """Yield the sizes of what a statement locks or works on, as far as the live catalog tells them."""
    keys = [*(item.relation for item in effect.locks), *(item.relation for item in effect.work)]
    for key in dict.fromkeys(keys):
        table = schema.table(key)
        if table is not None and table.rows is not None:
            yield Size(key, table.rows, table.size)


def _duration(effect: Effect, schema: Schema) -> Estimate | None:
    """Return how long a statement's work on rows takes; None where a size is not known, or there is no work."""
    parts, unknown = duration.of_effect(effect, schema.tables, schema)
    return duration.total(parts) if parts and not unknown else None


def _replay(migration: Migration, dialect: Dialect, schema: Schema) -> None:
    for script in migration.up:
        for text in _texts(script, dialect):
            dialect.learn(dialect.analyse(text, schema), schema, migration.version)


def _texts(script: Script, dialect: Dialect) -> Iterator[str]:
    """Yield a script's statements; of one that cannot be read nothing is learned, as by lint."""
    try:
        yield from [statement.text for statement in source_script.statements(script, dialect)]
    except UsageError:
        return

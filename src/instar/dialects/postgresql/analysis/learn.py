"""The schema after a statement: what `instar lint` replays migrations into."""

from collections.abc import Callable

from msgspec.structs import replace

from instar.catalog import Schema
from instar.effects import Change, Effect


def learn(effect: Effect, schema: Schema, version: str) -> None:
    """Change `schema` as the statement would."""
    for change in effect.changes:
        learner = _LEARNERS.get(change.kind)
        if learner is not None:
            learner(schema, change, version)


def _create_index(schema: Schema, change: Change, version: str) -> None:
    del version
    table = schema.known(change.relation)
    if change.index is not None:
        schema.put(replace(table, indexes=(*table.indexes, change.index)))


_LEARNERS: dict[str, Callable[[Schema, Change, str], None]] = {"create index": _create_index}

"""SQLAlchemy models as a target: their tables are made on a throw-away server and read like any other schema.

So types and defaults are compared as the server itself writes them. (Alembic compares what it reflects with what is
declared, type by type, which takes exceptions for every engine, and leaves out checks, identities and comments.)
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from instar.dialects import Throwaway
from instar.errors import UsageError
from instar.snapshot import Object, Snapshot

_KINDS = frozenset({"table", "column", "constraint", "index", "sequence", "enum"})
_KNOWN = frozenset(
    {
        "position",
        "type",
        "collation",
        "default",
        "generated",
        "identity",
        "identity sequence",
        "identity options",
        "not null",
        "definition",
        "deferrable",
        "labels",
        "comment",
    }
)
"""The properties that models can say. All others are left as they are."""


def create(text: str, place: Throwaway, root: Path) -> None:
    """Make the tables of the metadata that `package.module:metadata` names. Raises UsageError where there is none."""
    metadata = _metadata(text, root)
    import sqlalchemy

    engine = sqlalchemy.create_engine(place.sqlalchemy)
    try:
        for schema in sorted({table.schema for table in metadata.tables.values() if table.schema}):
            with engine.begin() as connection:
                connection.execute(sqlalchemy.schema.CreateSchema(schema, if_not_exists=True))
        metadata.create_all(engine)
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise UsageError(f"the tables of {text} cannot be made: {error}") from error
    finally:
        engine.dispose()


def completed(models: Snapshot, live: Snapshot) -> Snapshot:
    """Return the schema of the models with all that models cannot say taken from `live`: views, functions, grants.

    Tables that no model describes are gone in it.
    """
    kept = [item for item in live.values() if item.key not in models and _beyond(item, models, live)]
    made = [_completed(item, live.get(item.key)) for item in models.values()]
    return Snapshot([*made, *kept], dialect=live.dialect, version=live.version)


def _beyond(item: Object, models: Snapshot, live: Snapshot) -> bool:
    """Whether no model can describe an object, and what it belongs to stays."""
    if item.kind in _KINDS and not _outside(item, live):
        return False
    owners = [live[key] for key in live.owners(item.key) if key in live]
    return all(owner.key in models or owner.kind not in _KINDS for owner in owners)


def _outside(item: Object, live: Snapshot) -> bool:
    """Whether an object belongs to something that models cannot say: a view's columns, a domain's checks."""
    owners = [live[key] for key in live.owners(item.key) if key in live]
    return any(owner.kind not in _KINDS for owner in owners)


def _completed(item: Object, live: Object | None) -> Object:
    if live is None:
        return item
    others = {name: value for name, value in live.facts.items() if name not in _KNOWN}
    own = {name: value for name, value in item.facts.items() if name in _KNOWN}
    return Object(item.kind, item.name, item.of, {**others, **own}, item.needs)


def _metadata(text: str, root: Path) -> Any:
    module, colon, name = text.partition(":")
    if not colon or not module or not name:
        raise UsageError(f"{text!r} names no metadata", hint="write package.module:metadata")
    try:
        import sqlalchemy  # noqa: F401 - an extra: said here if it is missing
    except ImportError:
        raise UsageError("SQLAlchemy is not installed", hint='pip install "instar[sqlalchemy]"') from None
    found = _imported(module, root)
    for part in name.split("."):
        found = getattr(found, part, None)
    found = getattr(found, "metadata", found)
    if not hasattr(found, "create_all"):
        raise UsageError(f"{text} is no SQLAlchemy metadata", hint="name a MetaData, or a declarative base")
    return found


def _imported(module: str, root: Path) -> Any:
    """Import the user's module; the project's folder, and src/ in it, are looked into first."""
    places = [str(root), str(root / "src")]
    sys.path[:0] = places
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"{module} cannot be imported: {error}", hint="the module is looked for in the project"
        ) from error
    finally:
        for place in places:
            sys.path.remove(place)

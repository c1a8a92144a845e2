"""Whether a migration has a way back that does something."""

from instar.dialects import Dialect
from instar.errors import InstarError
from instar.model import Migration
from instar.source.script import statements


def empty(migration: Migration, dialect: Dialect) -> bool:
    """Whether there is a `down` without a single statement in it."""
    if not migration.down or migration.code is not None:
        return False
    try:
        return not any(statements(script, dialect) for script in migration.down)
    except InstarError:  # said where it is judged
        return False

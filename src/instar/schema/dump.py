"""A snapshot as a script that makes it: the same text on every machine. Pure."""

from instar.dialects import Dialect
from instar.schema.order import ordered
from instar.snapshot import Snapshot

HEADER = "-- The schema of a database, as `instar dump` writes it. It loads into an empty database.\n"


def dump(whole: Snapshot, dialect: Dialect) -> str:
    """Return SQL that makes the schema `whole` in an empty database, by instar or by the engine's own program.

    The text depends on nothing but the snapshot. Loaded, it gives an equal snapshot. Roles are not made by it.
    """
    blocks = [dialect.creating(item, whole) for item in ordered(whole)]
    parts = [block for block in (dialect.preparing(whole), *blocks) if block]
    return "\n".join([HEADER, *("\n".join(map(dialect.terminated, block)) + "\n" for block in parts)])

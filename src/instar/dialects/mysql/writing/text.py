"""Literals, names and the frame of ALTER TABLE."""

from instar.dialects.mysql.identifiers import parted
from instar.snapshot import Object, Snapshot

_KEEPING = "SET STATEMENT system_versioning_alter_history = 'KEEP' FOR "
_ESCAPES = str.maketrans({"'": "''", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x1a": "\\Z"})


def literal(text: str) -> str:
    """Quote a text as a string, for sessions in which a backslash escapes."""
    return f"'{text.translate(_ESCAPES)}'"


def last(item: Object) -> str:
    """Return an object's name without that of its table."""
    return parted(item.name)[-1]


def alter(table: str, whole: Snapshot, actions: str) -> str:
    """Return ALTER TABLE; a table with system versioning keeps its history as it is."""
    known = whole.get(table)
    keeping = _KEEPING if known is not None and "system versioning" in known.facts else ""
    return f"{keeping}ALTER TABLE {table.removeprefix('table ')} {actions}"

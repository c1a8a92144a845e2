"""How names are written: quoted only where they must be."""

import re

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def spell(key: str) -> str:
    """Return a key or an identifier as it is written in SQL."""
    return key if _PLAIN.fullmatch(key) else f"`{key}`"

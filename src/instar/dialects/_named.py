"""Named statements that stand in a dialect's `history.sql`, each below a line `-- name: NAME`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from sys import modules


@cache
def _read(package: str) -> Mapping[str, str]:
    # Not importlib.resources: importing that takes longer than all that is read here.
    text = (Path(str(modules[package].__file__)).parent / "history.sql").read_text("utf-8")
    blocks = text.split("-- name: ")[1:]
    return {
        name.strip(): body.strip().removesuffix(";") for name, _, body in (block.partition("\n") for block in blocks)
    }


def filled(package: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the statements of `package` by name, with `{field}` replaced by quoted names and literals."""
    return {name: body.format_map(fields) for name, body in _read(package).items()}


def literal(value: str) -> str:
    """Quote a text as an SQL string, for names that are compared as values."""
    return "'" + value.replace("'", "''") + "'"

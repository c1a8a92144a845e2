"""Named statements that stand in a dialect's `.sql` file, each below a line `-- name: NAME`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from sys import modules


@cache
def _read(package: str, file: str) -> Mapping[str, str]:
    # Not importlib.resources: importing that takes longer than all that is read here.
    text = (Path(str(modules[package].__file__)).parent / file).read_text("utf-8")
    blocks = text.split("-- name: ")[1:]
    return {
        name.strip(): body.strip().removesuffix(";") for name, _, body in (block.partition("\n") for block in blocks)
    }


def filled(package: str, fields: Mapping[str, str], file: str = "history.sql") -> dict[str, str]:
    """Return the statements of `file` beside the module `package`, by name.

    `{field}` in them is replaced by quoted names and literals.
    """
    return {name: body.format_map(fields) for name, body in _read(package, file).items()}


def literal(value: str) -> str:
    """Quote a text as an SQL string, for names that are compared as values."""
    return "'" + value.replace("'", "''") + "'"

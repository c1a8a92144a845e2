"""Folders of migrations for the tests of `instar.source`."""

from pathlib import Path
from typing import Any

import pytest

from instar import source
from instar.errors import SourceError
from instar.model import Migration, Place

SAMPLES = Path(__file__).parents[2] / "examples" / "formats"


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files, and the folders that they need."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def load(folder: Path, **options: Any) -> list[Migration]:
    """Load a folder with an empty environment, paths relative to it."""
    return source.load([folder], source.Options(**{"root": folder, "environ": {}, **options}))


def one(folder: Path, files: dict[str, str | bytes], **options: Any) -> Migration:
    """Write files that make one migration, and load it."""
    (migration,) = load(write(folder, files), **options)
    return migration


def refusal(folder: Path, files: dict[str, str | bytes], **options: Any) -> SourceError:
    """Write files that must be refused, and return the error."""
    with pytest.raises(SourceError) as caught:
        load(write(folder, files), **options)
    return caught.value


def place(error: SourceError) -> Place:
    """Return where an error points at."""
    assert error.place is not None
    return error.place


def at(error: SourceError) -> tuple[str, int, int]:
    """Return file, line and column of an error."""
    where = place(error)
    return where.file, where.line, where.column

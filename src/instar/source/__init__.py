"""Files become migrations: layouts are detected, headers read, sections cut, checksums taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from instar.model import Migration


@dataclass(frozen=True, slots=True)
class Options:
    """How folders are read. `format` "" means: detect it. Paths are shown relative to `root`.

    `placeholders` fills `${name}` in SQL; without any, text is left as it is (but Flyway's layout always fills them,
    as Flyway does, unless its configuration turns that off).
    """

    root: Path = field(default_factory=Path.cwd)
    format: str = ""
    placeholders: Mapping[str, str] = field(default_factory=dict)


def load(folders: Sequence[Path], options: Options) -> list[Migration]:
    """Read all migrations of `folders`, sorted by version, repeatables last.

    Raises SourceError when a folder is missing, mixes layouts, or two files have one version.
    """
    raise NotImplementedError(folders, options)

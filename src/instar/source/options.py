"""How folders of migrations are read."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field


class Options(Struct, frozen=True):
    """How folders are read. `format` "" means: detect it. Paths are shown relative to `root`.

    `placeholders` fills `${name}` in SQL; without any, text is left as it is (but Flyway's layout always fills them,
    as Flyway does, unless its configuration turns that off). `environ` feeds goose's ENVSUB, None means the process's
    own environment. `user`, `database`, `schema` and `environment` fill Flyway's default placeholders, "" where not
    known.
    """

    root: Path = field(default_factory=Path.cwd)
    format: str = ""
    placeholders: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] | None = None
    user: str = ""
    database: str = ""
    schema: str = ""
    environment: str = ""

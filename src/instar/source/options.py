"""How folders of migrations are read."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, field

from instar.model import Migration


class Options(Struct, frozen=True):
    """How folders are read. `format` "" means: detect it. Paths are shown relative to `root`.

    `placeholders` fills `${name}` in SQL; without any, text is left as it is (but Flyway's layout always fills them,
    as Flyway does, unless its configuration turns that off). `environ` feeds goose's ENVSUB, None means the process's
    own environment. `user`, `database`, `schema` and `environment` fill Flyway's default placeholders, "" where not
    known. `recall` is asked for what a file holds, by its path as shown and what the system says of it: what it returns
    is taken for a file of instar's own layout, and the file is not opened.
    """

    root: Path = field(default_factory=Path.cwd)
    format: str = ""
    placeholders: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] | None = None
    user: str = ""
    database: str = ""
    schema: str = ""
    environment: str = ""
    recall: Callable[[str, os.stat_result], Migration | None] | None = None

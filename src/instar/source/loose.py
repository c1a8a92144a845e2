"""One file that stands for itself, whatever it is called and wherever it lies: a migration to look at, not to run."""

from pathlib import Path, PurePath

from msgspec.structs import replace

from instar.model import Migration
from instar.source.detect import detect
from instar.source.folder import Folder
from instar.source.options import Options
from instar.source.text import Source
from instar.source.text import read as read_text

FORMAT = "loose"
"""The format of such a migration."""
STDIN = "<stdin>"
"""What a text is called that came from no file."""
_NAME = "1_loose.sql"
"""A name that every layout takes, so that only the text tells which one it is."""


def given(text: str) -> Source:
    """Return a text that came from no file."""
    return Source(STDIN, text.removeprefix("\ufeff"))


def read(path: Path, shown: str) -> Source:
    """Read a file. Raises SourceError when it cannot be read, or is not UTF-8."""
    return read_text(str(path), shown)


def migration(source: Source) -> Migration:
    """Read a text in the layout that its own marks show; its version and name are the file's."""
    folder = Folder("", "", (_NAME,), (), _sources={_NAME: source})
    found: list[Migration] = detect(folder, Options()).load(folder, Options())
    stem = PurePath(source.file).stem.strip("<>")
    return replace(found[0], version=stem, name=stem, path=source.file, format=FORMAT)

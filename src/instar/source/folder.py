"""A folder that is listed once and whose files are read once, however many formats look at them."""

import os
from collections.abc import Callable

from msgspec import Struct, field

from instar.errors import SourceError
from instar.model import Migration
from instar.source.text import Source, read


class Folder(Struct, frozen=True):
    """A folder's visible files and folders by name, sorted. `shown` is its path as people see it, "" at the root."""

    path: str
    shown: str
    files: tuple[str, ...]
    folders: tuple[str, ...]
    recalled: dict[str, Migration] = field(default_factory=dict)
    """By name: what is known of files without reading them."""
    _sources: dict[str, Source] = field(default_factory=dict)
    _entered: "dict[str, Folder]" = field(default_factory=dict)

    def show(self, name: str) -> str:
        """Return the path of a file in this folder as people see it."""
        return f"{self.shown}/{name}" if self.shown else name

    def locate(self, name: str) -> str:
        """Return the path of a file in this folder as the system needs it."""
        return f"{self.path}/{name}"

    def read(self, name: str) -> Source:
        """Read a file of this folder; the second time it comes from memory."""
        source = self._sources.get(name)
        if source is None:
            source = self._sources[name] = read(f"{self.path}/{name}", self.show(name))
        return source

    def sql(self) -> list[str]:
        """List the names that end in `.sql`, in any case of letters."""
        return [name for name in self.files if name[-4:].lower() == ".sql"]

    def enter(self, name: str) -> "Folder":
        """List a folder in this folder; the second time it comes from memory."""
        if name not in self._entered:
            self._entered[name] = scan(self.locate(name), self.show(name))
        return self._entered[name]


def scan(path: str, shown: str, recall: Callable[[str, os.stat_result], Migration | None] | None = None) -> Folder:
    """List a folder. Hidden files (`.gitkeep`, an editor's `.#lock`) are left out."""
    files: list[str] = []
    folders: list[str] = []
    recalled: dict[str, Migration] = {}
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    (folders if entry.is_dir() else files).append(entry.name)
                    if recall is not None and entry.name.endswith(".sql"):
                        known = recall(f"{shown}/{entry.name}" if shown else entry.name, entry.stat())
                        recalled |= {entry.name: known} if known is not None else {}
    except FileNotFoundError:
        raise SourceError(
            f"there is no folder {shown or path}",
            hint="`instar init` makes one; or name yours as `directory` under [migrations] in instar.toml",
        ) from None
    except OSError as error:
        raise SourceError(f"the folder {shown or path} cannot be read: {error.strerror}") from error
    return Folder(path, shown, tuple(sorted(files)), tuple(sorted(folders)), recalled)

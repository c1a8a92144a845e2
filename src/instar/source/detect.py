"""Which layout a folder has: every format says which files carry its mark."""

import re
from types import ModuleType

from instar import registry
from instar.errors import SourceError
from instar.model import Migration
from instar.source import formats
from instar.source.folder import Folder
from instar.source.options import Options

_SHOWN = 3
_NATIVE_NAME = re.compile(r"\d{14}_\w+\.(?:sql|py)", re.ASCII)
# What any other layout that such names are good for would write into its files, in lower case.
_FOREIGN = ("+goose", "no-transaction", "up migration", "down migration")


def load_folder(folder: Folder, options: Options) -> list[Migration]:
    """Read the migrations of one folder, by the layout that `options` names or that its files show."""
    module = registry.load(formats, options.format) if options.format else detect(folder, options)
    migrations: list[Migration] = module.load(folder, options)
    return migrations


def detect(folder: Folder, options: Options) -> ModuleType:
    """Find the one format whose mark the folder's files carry; native when they carry none.

    Raises SourceError, naming the files, when they carry the marks of several.
    """
    if _plainly_native(folder):
        return registry.load(formats, "native")
    modules = {name: registry.load(formats, name) for name in registry.names(formats)}
    marks = {name: files for name, module in modules.items() if (files := module.detect(folder, options))}
    for name in tuple(marks):
        for weaker in getattr(modules[name], "REFINES", ()):
            marks.pop(weaker, None)
    if len(marks) > 1:
        raise _mixed(folder, marks)
    return modules[next(iter(marks), "native")]


def _plainly_native(folder: Folder) -> bool:
    """Whether a look at names and a few words tells: most folders need no format but our own to be imported."""
    telling = [name for name in folder.files if name[-4:].lower() == ".sql" or name[0].isdigit()]
    if not telling or not all(_NATIVE_NAME.fullmatch(name) for name in telling):
        return False
    if any(name[0].isdigit() for name in folder.folders):
        return False
    return not any(
        _may_be_foreign(folder.read(name).text.lower())
        for name in telling
        if name[-4:] == ".sql" and name not in folder.recalled
    )


def _may_be_foreign(text: str) -> bool:
    return text.count("migrate:up") > 1 or any(mark in text for mark in _FOREIGN)


def _mixed(folder: Folder, marks: dict[str, list[str]]) -> SourceError:
    layouts = "; ".join(f"{name}: {_listed(files)}" for name, files in marks.items())
    names = " or ".join(f'format = "{name}"' for name in marks)
    return SourceError(
        f"the folder {folder.shown or folder.path} mixes layouts: {layouts}",
        hint=f"name the layout under [migrations] in instar.toml ({names}), or give each layout its own folder",
    )


def _listed(files: list[str]) -> str:
    more = len(files) - _SHOWN
    return ", ".join(files[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

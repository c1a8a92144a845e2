"""The folder is the registry: what a package provides is what lies in it, under the file's name.

Other distributions add to it by entry points in a group called like the package, for example
`[project.entry-points."instar.source.formats"]`.
"""

import functools
import importlib
import pkgutil
from types import ModuleType

from instar.errors import UsageError


def names(package: ModuleType) -> list[str]:
    """List what `package` provides, without importing any of it."""
    return sorted(name.replace("_", "-") for name in _own(package) | set(_plugins(package)))


def load(package: ModuleType, name: str) -> ModuleType:
    """Import the module that provides `name`: our own, else a plug-in's.

    Raises UsageError, with the nearest name as its hint, when nothing provides it.
    """
    module = name.replace("-", "_")
    if module in _own(package):
        return importlib.import_module(f"{package.__name__}.{module}")
    if module in _plugins(package):
        return importlib.import_module(_plugins(package)[module])
    word = package.__name__.rpartition(".")[2].removesuffix("s")
    raise UsageError(f"there is no {word} called {name!r}", hint=did_you_mean(name, names(package)))


def did_you_mean(word: str, known: list[str]) -> str:
    """Return a hint that names the nearest of `known`, or all of them when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"


@functools.cache
def _own(package: ModuleType) -> frozenset[str]:
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return frozenset(name for name in found if not name.startswith("_"))


# Every installed distribution is looked at for this: a millisecond or two, and `load` asks for each name.
@functools.cache
def _plugins(package: ModuleType) -> dict[str, str]:
    from importlib.metadata import entry_points

    return {entry.name: entry.value for entry in entry_points(group=package.__name__)}

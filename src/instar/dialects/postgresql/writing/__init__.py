"""Objects of a PostgreSQL snapshot written as SQL: made, taken away, turned into what they should be.

A module here handles a family of kinds, which its KINDS names: `creating(item, whole)`, `dropping(item, whole)`,
`altering(before, after, whole)`, and `adding(item, whole)` where it matters that the owner is there already. What all
kinds have (owner, comment, labels, grants) is in `_common`.
"""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot


def creating(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statements that make `item`; see instar.dialects.Dialect."""
    if common.foreign(item):
        return tuple(common.finishing(item, whole))
    return tuple(_module(item.kind).creating(item, whole))


def adding(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statements that make `item` where its owner is there already."""
    module = _module(item.kind)
    if common.foreign(item) or not hasattr(module, "adding"):
        return creating(item, whole)
    return tuple(module.adding(item, whole))


def dropping(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statements that take `item` away."""
    if common.foreign(item):
        return tuple(common.finished(item, Object(item.kind, item.name, item.of), whole))
    return tuple(_module(item.kind).dropping(item, whole))


def altering(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
    """Return the statements that turn `before` into `after`; None where none does so safely."""
    if common.foreign(before) or common.foreign(after):
        return tuple(common.finished(before, after, whole))
    found = _module(after.kind).altering(before, after, whole)
    return None if found is None else tuple(found)


def preparing(whole: Snapshot) -> tuple[str, ...]:
    """Leave function bodies alone while what they name is not there; an empty database has the schema public."""
    gone = () if "schema public" in whole else ("DROP SCHEMA IF EXISTS public",)
    return ("SET check_function_bodies = off", *gone)


def _module(kind: str) -> ModuleType:
    return _modules()[kind]


@cache
def _modules() -> dict[str, ModuleType]:
    names = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {kind: module for module in modules for kind in module.KINDS}

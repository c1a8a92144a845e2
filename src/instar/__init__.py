"""instar changes the schema and data of databases that are in use.

The public API is what this module lists; everything else may change without notice.

    from instar import Migrator

    with Migrator("postgresql:///shop", directory="migrations") as migrator:
        migrator.up()
"""

from typing import TYPE_CHECKING

from instar.version import __version__

if TYPE_CHECKING:
    from instar.errors import InstarError
    from instar.migrator import Migrator

__all__ = ["InstarError", "Migrator", "__version__"]


def __getattr__(name: str) -> object:
    """Import the API on first use: `instar --version` must not pay for a database driver."""
    if name == "Migrator":
        from instar.migrator import Migrator

        return Migrator
    if name == "InstarError":
        from instar.errors import InstarError

        return InstarError
    raise AttributeError(f"module 'instar' has no attribute {name!r}")

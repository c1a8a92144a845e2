"""sqlx: `1_name.sql`, or `1_name.up.sql` beside `1_name.down.sql`; `-- no-transaction` at the top of a file.

Without that line a folder of single files is read as native, one of pairs as golang-migrate: they mean the same.
"""

import re

from instar.model import Migration, Script
from instar.source.folder import Folder
from instar.source.names import check_version, misnamed
from instar.source.options import Options
from instar.source.pairs import Pair, paired, pairs, rename_hint
from instar.source.placeholders import fill_all
from instar.source.text import checksum_of, whole

REFINES = ("golang-migrate",)
_SINGLE = re.compile(r"(\d+)_(.+)\.sql", re.ASCII)
_NO_TRANSACTION = "-- no-transaction"


def detect(folder: Folder, options: Options) -> list[str]:  # noqa: ARG001 - the contract of formats
    """Name the files that begin with `-- no-transaction`."""
    return [name for name in folder.sql() if _SINGLE.fullmatch(name) and _outside(folder, name)]


def load(folder: Folder, options: Options) -> list[Migration]:
    """Read single files and pairs."""
    halves = frozenset(paired(folder))
    singles = [_single(folder, name) for name in folder.sql() if name not in halves]
    return [_migration(folder, pair, options) for pair in singles + pairs(folder)]


def _single(folder: Folder, name: str) -> Pair:
    match = _SINGLE.fullmatch(name)
    hint = rename_hint(name)
    if match is None or hint:
        raise misnamed(folder.show(name), "1_name.sql, or 1_name.up.sql and 1_name.down.sql", hint)
    return Pair(match[1], match[2], name, "")


def _migration(folder: Folder, pair: Pair, options: Options) -> Migration:
    up = (_script(folder, pair.up),)
    down = (_script(folder, pair.down),) if pair.down else ()
    number = int(pair.digits)
    return Migration(
        check_version(str(number), folder.show(pair.up)),
        pair.name,
        folder.show(pair.up),
        order=(number,),
        format="sqlx",
        checksum=checksum_of(up),
        up=fill_all(up, options.placeholders),
        down=fill_all(down, options.placeholders),
    )


def _script(folder: Folder, name: str) -> Script:
    return whole(folder.read(name), False if _outside(folder, name) else None)


def _outside(folder: Folder, name: str) -> bool:
    return folder.read(name).text.startswith(_NO_TRANSACTION)

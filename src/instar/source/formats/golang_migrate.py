"""golang-migrate: `1_name.up.sql` beside `1_name.down.sql`; the version is a number, its zeros do not count."""

from instar.model import Migration
from instar.source.folder import Folder
from instar.source.names import check_version, misnamed
from instar.source.options import Options
from instar.source.pairs import Pair, paired, pairs, rename_hint
from instar.source.placeholders import fill_all
from instar.source.text import checksum_of, whole


def detect(folder: Folder, options: Options) -> list[str]:  # noqa: ARG001 - the contract of formats
    """Name the files that are half of a pair."""
    return paired(folder)


def load(folder: Folder, options: Options) -> list[Migration]:
    """Read all pairs. Raises SourceError at a `.sql` file that is not half of one: golang-migrate would skip it."""
    halves = frozenset(paired(folder))
    for name in folder.sql():
        if name not in halves:
            hint = rename_hint(name) or 'single files beside pairs are sqlx\'s layout: format = "sqlx"'
            raise misnamed(folder.show(name), "1_name.up.sql and 1_name.down.sql", hint)
    return [_migration(folder, pair, options) for pair in pairs(folder)]


def _migration(folder: Folder, pair: Pair, options: Options) -> Migration:
    up = (whole(folder.read(pair.up)),)
    down = (whole(folder.read(pair.down)),) if pair.down else ()
    number = int(pair.digits)
    return Migration(
        check_version(str(number), folder.show(pair.up)),
        pair.name or str(number),
        folder.show(pair.up),
        order=(number,),
        format="golang-migrate",
        checksum=checksum_of(up),
        up=fill_all(up, options.placeholders),
        down=fill_all(down, options.placeholders),
    )

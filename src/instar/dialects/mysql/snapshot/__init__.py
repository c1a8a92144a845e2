"""A MySQL or MariaDB database's whole schema, from what SHOW CREATE says of each object.

SHOW CREATE is what a dump consists of, and it is quick: 300 tables take less time than one query of
information_schema.columns. What it says is read token by token; nothing of it is left out.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from instar.dialects import Names
from instar.dialects.mysql.server import Flavour
from instar.dialects.mysql.snapshot import programs, tables, views
from instar.dialects.mysql.snapshot.reading import Place
from instar.snapshot import Object, Snapshot

Query = Callable[..., list[tuple[object, ...]]]

_COLLATIONS = "SELECT character_set_name, default_collate_name FROM information_schema.character_sets"
_VARIABLES = "SELECT @@SESSION.sql_mode, @@SESSION.sql_quote_show_create, DATABASE(), @@lower_case_table_names"


def snapshot(query: Query, flavour: Flavour, database: str, names: Names) -> Snapshot:
    """Read the schema of `database` without the tables that `names` calls ours."""
    with _neutral(query, database) as folded:
        place = Place(query, database, dict(_texts(query(_COLLATIONS))), _ours(names, database, folded=folded))
        objects = list(_objects(place))
    return Snapshot(objects, dialect="mariadb" if flavour.mariadb else "mysql", version=flavour.version)


def _objects(place: Place) -> Iterator[Object]:
    relations: dict[str, str] = {}
    for row in place.query(f"SHOW FULL TABLES FROM {place.quoted}"):
        name, kind = str(row[0]), str(row[1])
        if not place.ours(name) and "TEMPORARY" not in kind:  # MariaDB 11 lists the session's own, too
            relations[name] = "view" if kind == "VIEW" else "sequence" if kind == "SEQUENCE" else "table"
    routines = programs.routines(place)
    for name, kind in relations.items():
        if kind == "view":
            yield views.view(place, name, relations, frozenset(item.key for item in routines))
        elif kind == "sequence":
            yield views.sequence(place, name)
        else:
            yield from tables.table(place, name)
    yield from routines
    yield from programs.triggers(place)
    yield from programs.events(place)


def _ours(names: Names, database: str, *, folded: bool) -> Callable[[str], bool]:
    """Return what says whether a table is one of our own; they are all in one database."""
    if names.schema and names.schema != database:
        return lambda _: False
    own = {names.history, names.log}
    prefix = f"{names.internal}_"
    if not folded:
        return lambda name: name in own or name.startswith(prefix)
    small = {name.lower() for name in own}
    return lambda name: name.lower() in small or name.lower().startswith(prefix.lower())


@contextmanager
def _neutral(query: Query, database: str) -> Iterator[bool]:
    """Show definitions the same way whatever a script has set; yield whether names of tables are folded."""
    mode, quoting, current, folding = query(_VARIABLES)[0]
    query("SET @@SESSION.sql_mode = '', @@SESSION.sql_quote_show_create = 1")
    if current != database:
        query(f"USE `{database.replace('`', '``')}`")
    try:
        yield folding != 0
    finally:
        if current not in {database, None}:
            query(f"USE `{str(current).replace('`', '``')}`")
        query("SET @@SESSION.sql_mode = %s, @@SESSION.sql_quote_show_create = %s", (mode, quoting))


def _texts(rows: list[tuple[object, ...]]) -> Iterator[tuple[str, str]]:
    return ((str(charset), str(collation)) for charset, collation in rows)

"""What names a view, an index or a trigger can mean: relations and their columns."""

import sqlite3
from collections.abc import Mapping, Sequence

from instar.dialects._tokens import Token
from instar.dialects.sqlite.identifiers import part
from instar.dialects.sqlite.snapshot.reading import folded, names
from instar.snapshot import Object


class Relations:
    """The tables and views of a file with their columns, each by its folded name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._keys: dict[str, str] = {}
        self._columns: dict[str, dict[str, str]] = {}
        self._collations: dict[tuple[str, str], str] = {}

    def learn(self, item: Object) -> None:
        """Keep a table or one of its columns."""
        if item.kind in {"table", "virtual table"}:
            small = folded(_bare(item.name))
            self._keys[small] = item.key
            self._columns[small] = {}
        elif item.kind == "column":
            table = folded(_bare(item.of.partition(" ")[2]))
            name = item.name[len(item.of) - len("table ") + 1 :]
            self._columns[table][folded(_bare(name))] = name
            self._collations[table, folded(_bare(name))] = item.facts.get("collation", "")

    def see(self, view: str) -> None:
        """Ask for a view's columns; one that cannot be computed any more has none."""
        small = folded(view)
        self._keys[small] = f"view {part(view)}"
        try:
            rows = self._connection.execute("SELECT name FROM pragma_table_xinfo(?, 'main')", (view,)).fetchall()
        except sqlite3.OperationalError:  # what it reads is not there any more
            rows = []
        self._columns[small] = {folded(name): part(name) for (name,) in rows}

    def key(self, name: str) -> str:
        """Return the key of a relation, whatever case its name is written in; of an unknown one that of a table."""
        return self._keys.get(folded(name), f"table {part(name)}")

    def columns(self, name: str) -> dict[str, str]:
        """Return how the columns of a relation are written, by folded name."""
        return self._columns.get(folded(name), {})

    def collation(self, table: str, column: str) -> str:
        """Return the collation of a table's column; "" for the usual one."""
        return self._collations.get((folded(table), folded(column)), "")

    def mentioned(self, stream: Sequence[Token]) -> list[str]:
        """Return the keys of the relations whose names stand in a text."""
        return [self._keys[each] for each in dict.fromkeys(names(stream)) if each in self._keys]

    def known(self, stream: Sequence[Token]) -> Mapping[str, str]:
        """Return the names that a text can mean: of the relations in it and of their columns, without case."""
        said = {each for each in names(stream) if each in self._keys}
        inside = {column for each in said for column in self._columns[each]}
        return {each: part(each) for each in said | inside | {"new", "old", "rowid"}}


def _bare(spelled: str) -> str:
    return spelled[1:-1].replace('""', '"') if spelled.startswith('"') else spelled

"""The snapshot of PostgreSQL is complete: it differs exactly when `pg_dump --schema-only` does.

Every change of postgresql_changes.sql is made alone in a database with the set-ups of its group; then random ones are
made in random order in two copies.
"""

import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from msgspec import Struct

from conftest import POSTGRESQL, Servers, query
from instar.dialects import Settings
from instar.dialects.postgresql import binaries
from instar.dialects.postgresql.connect import connect
from instar.snapshot import Snapshot
from instar.testing import PostgreSQL

_HEADER = re.compile(r"^-- Name: .*; Type: .*; Schema: .*", re.MULTILINE)
_NOISE = ("SET ", "--", "\\restrict", "\\unrestrict")
_MADE_FOR = ("TABLE", "MATERIALIZED VIEW")
_ONE, _TWO, _SPACE = (f"instar_{name}_{os.getpid()}" for name in ("anna", "bert", "space"))
_OFFERS = """SELECT name::text FROM pg_available_extensions
UNION ALL SELECT 'icu' FROM pg_collation WHERE collprovider = 'i' HAVING count(*) > 10"""


class Change(Struct, frozen=True):
    """A case: what is there before, what is done, and the keys that change by it (none: nothing does)."""

    group: str
    name: str
    schema: str
    since: int
    needs: str
    setup: str
    change: str
    keys: tuple[str, ...]


def _changes() -> Iterator[Change]:
    text = Path(__file__).with_name("postgresql_changes.sql").read_text("utf-8")
    for part in text.split("-- group: ")[1:]:
        group, _, rest = part.partition("\n")
        for number, case in enumerate(rest.split("-- case: ")[1:]):
            name, _, body = case.partition("\n")
            since, needs = (re.search(rf"^-- {word}: (.*)$", body, re.MULTILINE) for word in ("since", "needs"))
            setup, kind, line, change = re.split(r"-- (change|same):(.*)\n", body, maxsplit=1)
            schema = f"case{number}"
            keys = tuple(line.strip().split(", ")) if kind == "change" else ()
            setup, change = setup.replace("@s", schema), change.replace("@s", schema)
            version, needed = int(since[1]) if since else 0, needs[1] if needs else ""
            yield Change(group, name, schema, version, needed, setup, change, tuple(_whole(keys, schema)))


def _whole(keys: tuple[str, ...], schema: str) -> Iterator[str]:
    """Put together again what a comma between arguments cut."""
    found = ", ".join(keys).replace("@s", schema)
    yield from re.split(r", (?![^(]*\))", found) if found else ()


CHANGES = tuple(_changes())
GROUPS = tuple(dict.fromkeys(change.group for change in CHANGES))


class Bench:
    """One server with two roles, a tablespace and databases."""

    def __init__(self, server: PostgreSQL, version: int, stack: ExitStack) -> None:
        self.server, self.version, self._stack = server, version, stack
        self._programs = binaries.available()[version]
        offers = query(server.address, _OFFERS)
        self._offers = {name for (name,) in offers}
        self.user = query(server.address, "SELECT quote_ident(current_user)")[0][0]
        stack.enter_context(self._cluster())

    def database(self) -> str:
        url = self._stack.enter_context(self.server.fresh())
        self._stack.callback(self._unsubscribe, url)
        return url

    def _unsubscribe(self, url: str) -> None:
        """Drop subscriptions: their database could not be dropped."""
        for (name,) in query(
            url,
            "SELECT subname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid"
            " WHERE datname = current_database()",
        ):
            for text in ("DISABLE", "SET (slot_name = NONE)"):
                query(url, f"ALTER SUBSCRIPTION {name} {text}")
            query(url, f"DROP SUBSCRIPTION {name}")

    def copy(self, url: str) -> str:
        """Return the URL of a copy of a database, dropped at the end."""
        name = urlsplit(url).path[1:]
        copy = f"{name}_copy_{random.randrange(10**9)}"
        self.admin(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
        self._stack.callback(self.admin, f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
        return urlunsplit(urlsplit(url)._replace(path=f"/{copy}"))

    def admin(self, text: str) -> None:
        with psycopg.connect(self.server.address, autocommit=True) as connection:
            for statement in text.split("; "):
                connection.execute(statement.encode())

    @contextmanager
    def _cluster(self) -> Iterator[None]:
        self.admin(f"CREATE ROLE {_ONE}")
        self.admin(f"CREATE ROLE {_TWO}")
        self.admin(f"SET allow_in_place_tablespaces = on; CREATE TABLESPACE {_SPACE} LOCATION ''")
        try:
            yield
        finally:
            self.admin(f"DROP TABLESPACE {_SPACE}")
            self.admin(f"DROP ROLE {_ONE}, {_TWO}")

    def run(self, url: str, schema: str, text: str) -> None:
        """Run statements one by one, as a script would, with the schema as the search_path."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET search_path TO {schema}; SET client_min_messages TO error".encode())
            for statement in _statements(self.named(text)):
                try:
                    connection.execute(statement.encode())
                except psycopg.Error as error:
                    raise AssertionError(f"{error} in {schema}: {statement}") from None

    def named(self, text: str) -> str:
        """Put the names of the server's things in the place of their marks."""
        names = {"@r1": _ONE, "@r2": _TWO, "@t": _SPACE, "@a": "other_heap", "@u": self.user}
        return re.sub(r"@(r1|r2|t|a|u)\b", lambda found: names[found[0]], text)

    def dump(self, url: str) -> list[str]:
        """Return the entries of the schema's dump, sorted, without what says nothing about the schema."""
        program = [str(self._programs / "pg_dump"), "--schema-only", f"--dbname={url}"]
        text = subprocess.run(program, check=True, capture_output=True, text=True).stdout
        return sorted(_entries(text))

    def snapshot(self, url: str) -> Snapshot:
        session = connect(url, Settings())
        try:
            return session.snapshot()
        finally:
            session.close()

    def prepared(self, changes: list[Change]) -> str:
        """Return a new database with the set-ups of `changes`."""
        url = self.database()
        self.run(url, "public", "CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;")
        for change in changes:
            self.run(url, "public", f"CREATE SCHEMA {change.schema};")
            self.run(url, change.schema, change.setup)
        return url

    def changes(self, group: str) -> list[Change]:
        there = [change for change in CHANGES if change.group == group and change.since <= self.version]
        return [change for change in there if not change.needs or change.needs in self._offers]


def _statements(text: str) -> Iterator[str]:
    """Cut at semicolons outside of quotes and of BEGIN ATOMIC."""
    from instar.dialects import load

    for piece in load("postgresql").cut(text):
        yield text[piece.start : piece.end]


def _entries(text: str) -> Iterator[str]:
    """Cut a dump into its entries; a table's begins with what was SET for it."""
    method = ""
    heads = list(_HEADER.finditer(text))
    for head, following in zip(heads, [*heads, None][1:], strict=True):
        body = text[head.end() : following.start() if following else None]
        lines = [
            line for line in body.splitlines() if line and not line.startswith(("SET ", "--", "\\restrict", "\\unre"))
        ]
        kind = head[0].split("; Type: ")[1].split(";")[0]
        yield "\n".join([head[0], method if kind in _MADE_FOR else "", *lines])
        for found in re.finditer(r"^SET default_table_access_method = (.*);", body, re.MULTILINE):
            method = found[1]


@pytest.fixture(scope="module", params=POSTGRESQL)
def bench(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(servers.postgresql(request.param), int(request.param.removeprefix("postgresql-")), stack)


@pytest.mark.parametrize("group", GROUPS)
def test_snapshots_differ_exactly_when_dumps_do(bench: Bench, group: str) -> None:
    changes = bench.changes(group)
    url = bench.prepared(changes)
    together = [change for change in changes if all(change.schema in key for key in change.keys)]
    wrong = list(_judged(bench, url, together))
    for change in changes:
        if change not in together:
            wrong += _judged(bench, url, [change])
    assert not wrong, "\n".join(wrong)


def _judged(bench: Bench, url: str, changes: list[Change]) -> Iterator[str]:
    """Make changes, each in its own schema, and say of which the dumps and the snapshots do not tell the same."""
    dump, snapshot = bench.dump(url), bench.snapshot(url)
    for change in changes:
        bench.run(url, change.schema, change.change)
    new_dump, new_snapshot = bench.dump(url), bench.snapshot(url)
    entries = list(((Counter(dump) - Counter(new_dump)) + (Counter(new_dump) - Counter(dump))).elements())
    keys = different(snapshot, new_snapshot)
    texts = {key: f"{key} {snapshot.compared.get(key)} {new_snapshot.compared.get(key)}" for key in keys}
    for change in changes:
        mine = re.compile(rf"{change.schema}(?!\d)" if len(changes) > 1 else "")
        seen = {key for key in keys if mine.search(texts[key])}
        yield from _wrong(bench, change, [entry for entry in entries if mine.search(entry)], seen)


def _wrong(bench: Bench, change: Change, dumped: list[str], seen: set[str]) -> Iterator[str]:
    if bool(dumped) != bool(change.keys):
        yield f"{change.name}: the case itself is wrong: {dumped}; snapshots: {sorted(seen)}"
    if bool(seen) != bool(dumped):
        yield f"{change.name}: dumps: {dumped}, snapshots: {sorted(seen)}"
    for key in map(bench.named, change.keys):
        if key not in seen:
            yield f"{change.name}: {key} is not among {sorted(seen)}"


def different(before: Snapshot, after: Snapshot) -> set[str]:
    """Return the keys of all objects that are not the same in both."""
    first, second = before.compared, after.compared
    return {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)}


@pytest.mark.matrix(sample=6)
@pytest.mark.parametrize("seed", range(6))
def test_random_changes_in_random_order(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    group = chance.choice(GROUPS)
    changes = [change for change in bench.changes(group) if "SUBSCRIPTION" not in change.setup + change.change]
    base = bench.prepared(changes)
    first = chance.sample(changes, len(changes) // 3)
    second = chance.sample(first, len(first))
    if seed % 2:
        second.remove(chance.choice([change for change in second if change.keys]))
    urls = [bench.copy(base), bench.copy(base)]
    for url, chosen in zip(urls, (first, second), strict=True):
        for change in chosen:
            bench.run(url, change.schema, change.change)
    dumps, snapshots = [bench.dump(url) for url in urls], [bench.snapshot(url) for url in urls]
    assert (dumps[0] == dumps[1]) == (seed % 2 == 0)
    assert (snapshots[0] == snapshots[1]) == (dumps[0] == dumps[1]), different(*snapshots)

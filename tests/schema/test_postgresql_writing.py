"""What instar writes of a PostgreSQL schema makes it: dumps load, and scripts lead from one schema to the other.

The states are those of postgresql_changes.sql: each group's database with all its set-ups, then with one change after
the other. A dump is compared with the original by snapshot, by its own text, and by `pg_dump --schema-only`.
"""

import subprocess
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from test_postgresql_complete import GROUPS, Bench

from conftest import POSTGRESQL, Servers
from instar import dialects
from instar.dialects.postgresql import binaries
from instar.schema.diff import compare
from instar.schema.dump import dump
from instar.schema.script import script
from instar.snapshot import Snapshot

POSTGRES = dialects.load("postgresql")
AWKWARD = Path(__file__).with_name("postgresql_awkward.sql")


@pytest.fixture(scope="module", params=POSTGRESQL)
def bench(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(servers.postgresql(request.param), int(request.param.removeprefix("postgresql-")), stack)


@pytest.mark.matrix(sample=14)
@pytest.mark.parametrize("changed", [False, True], ids=["set-ups", "changes"])
@pytest.mark.parametrize("group", GROUPS)
def test_a_dump_makes_the_same_schema(bench: Bench, group: str, changed: bool) -> None:  # noqa: FBT001
    changes = bench.changes(group)
    url = bench.prepared(changes)
    for change in changes if changed else ():
        bench.run(url, change.schema, change.change)
    whole = bench.snapshot(url)
    text = dump(whole, POSTGRES)

    copy = bench.database()
    load(copy, text)

    again = bench.snapshot(copy)
    assert not compare(whole, again)
    assert again == whole
    assert dump(again, POSTGRES) == text
    assert bench.dump(copy) == bench.dump(url)


@pytest.mark.matrix(sample=9)
@pytest.mark.parametrize("group", GROUPS)
def test_scripts_lead_from_each_state_to_the_next_and_back(bench: Bench, group: str) -> None:
    changes = bench.changes(group)
    url, follower = bench.prepared(changes), bench.prepared(changes)
    states = [bench.snapshot(url)]
    for change in changes:
        bench.run(url, change.schema, change.change)
        states.append(bench.snapshot(url))
    steps = list(zip(changes, states, states[1:], strict=False))

    unsaid = {change.schema for change, before, after in steps if carried_out(follower, before, after, change.name)}
    assert not differing(states[-1], bench.snapshot(follower), unsaid)

    for change, before, after in steps[::-1]:
        if change.schema not in unsaid and carried_out(follower, after, before, change.name):
            unsaid.add(change.schema)
    assert not differing(states[0], bench.snapshot(follower), unsaid)


def test_what_needs_itself_or_has_odd_names_survives_a_dump(bench: Bench) -> None:
    url, copy = bench.database(), bench.database()
    load(url, AWKWARD.read_text("utf-8"))
    text = dump(bench.snapshot(url), POSTGRES)
    load(copy, text)
    assert bench.snapshot(copy) == bench.snapshot(url)
    assert dump(bench.snapshot(copy), POSTGRES) == text
    # Not pg_dump's text: of IN ('a', 'b') on a varchar the server makes something else each time it is loaded.


def test_psql_reads_a_dump(bench: Bench, tmp_path: Path) -> None:
    changes = bench.changes("routines")
    url = bench.prepared(changes)
    file = tmp_path / "schema.sql"
    file.write_text(dump(bench.snapshot(url), POSTGRES))

    copy = bench.database()
    psql = binaries.available()[bench.version] / "psql"
    subprocess.run([psql, "-qX", "-v", "ON_ERROR_STOP=1", "-f", file, f"--dbname={copy}"], check=True)

    assert not compare(bench.snapshot(url), bench.snapshot(copy))


def load(url: str, text: str) -> None:
    """Run a dump by instar's own cutter, one statement after the other."""
    with psycopg.connect(url, autocommit=True) as connection:
        for piece in POSTGRES.cut(text):
            execute(connection, text[piece.start : piece.end], "the dump")


def carried_out(url: str, before: Snapshot, after: Snapshot, name: str) -> bool:
    """Run the script from one schema to another; return whether it says that it leaves something out."""
    lines = script(before, after, POSTGRES)
    with psycopg.connect(url, autocommit=True) as connection:
        for line in lines:
            if line.sql:
                execute(connection, line.sql, name)
    return any(line.unsaid or line.comment.startswith("benign: ") for line in lines)


def differing(wanted: Snapshot, found: Snapshot, unsaid: Collection[str]) -> list[str]:
    """Return the tree of what differs, without the schemas in which something was left out."""
    changes = (change for change in compare(wanted, found) if not any(name in change.key for name in unsaid))
    return [f"{change.what} {change.key} {change.facts}" for change in changes]


def execute(connection: "psycopg.Connection[tuple[object, ...]]", text: str, name: str) -> None:
    try:
        connection.execute(text.encode())
    except psycopg.Error as error:
        raise AssertionError(f"{error} in {name}: {text}") from None

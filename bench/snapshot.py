"""A snapshot of a database of 300 tables, in an open session and with a new one, beside `pg_dump --schema-only`."""

import argparse
import sys
import time
from functools import partial
from pathlib import Path

import psycopg
from common import Bar, Call, Results, Server, heading, interleave, judge, parser, query, run, serve, show

from instar.dialects import Session, Settings, for_url

_TABLE = """CREATE TABLE t{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint {references},
  name varchar(100) NOT NULL, kind text DEFAULT 'x', amount numeric(10,2) DEFAULT 0 CHECK (amount >= 0),
  at timestamptz NOT NULL DEFAULT now(), data jsonb, note text);
CREATE INDEX ON t{n} (parent);
CREATE INDEX ON t{n} (lower(name)) WHERE kind = 'x';
COMMENT ON TABLE t{n} IS 'table {n}';
COMMENT ON COLUMN t{n}.name IS 'name {n}'"""


def fill(url: str, tables: int) -> None:
    """Make tables of eight columns with key, foreign key, check, two indexes and comments."""
    with psycopg.connect(url) as connection:
        for number in range(tables):
            references = f"REFERENCES t{number - 1}" if number else ""
            connection.execute(_TABLE.format(n=number, references=references).encode())
    query(url, "VACUUM ANALYZE")


def opened(session: Session) -> float:
    begun = time.perf_counter()
    session.snapshot()
    return time.perf_counter() - begun


def connected(url: str) -> float:
    begun = time.perf_counter()
    session = for_url(url).connect(url, Settings())
    try:
        session.snapshot()
    finally:
        session.close()
    return time.perf_counter() - begun


def dumped(server: Server, url: str) -> float:
    return run(Call((str(Path(server.psql).with_name("pg_dump")), "--schema-only", f"--dbname={url}")))


def bars(results: Results, n: int) -> list[Bar]:
    slow = results.seconds.get("snapshot, new session")
    return [
        Bar(f"snapshot of {n} tables: at most 0.5 s in any round", max(slow) if slow else None, 0.5),
        Bar("snapshot: at most a third of pg_dump", results.ratio("snapshot", "pg_dump"), 1 / 3),
        Bar(
            "snapshot, new session: at most a third of pg_dump",
            results.ratio("snapshot, new session", "pg_dump"),
            1 / 3,
        ),
    ]


def _options() -> argparse.Namespace:
    return parser(__doc__, n=300, rounds=15).parse_args()


def main() -> int:
    asked = _options()
    results = Results()
    with serve(asked) as server:
        url = server.database()
        fill(url, asked.n)
        server.settle()
        heading(f"snapshot of {asked.n} tables, {asked.rounds} rounds", server.describe())
        session = for_url(url).connect(url, Settings())
        try:
            measures = {
                "pg_dump": partial(dumped, server, url),
                "snapshot": partial(opened, session),
                "snapshot, new session": partial(connected, url),
            }
            interleave(results, asked.rounds, measures)
        finally:
            session.close()
    show(results, ("pg_dump",), unit=1000.0)
    return judge(bars(results, asked.n), results, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())

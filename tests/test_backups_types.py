"""Backups of tables that are not simple: types, names, keys and rules that make copying and restoring hard."""

import json
from pathlib import Path

import pytest

from conftest import query
from migrator_project import Fresh, Ground, ground, version

HARD = r"""
CREATE SCHEMA "Other Shop";
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN word AS varchar(20) NOT NULL CHECK (value <> '');
CREATE DOMAIN shout AS word CHECK (value = upper(value));
CREATE COLLATION folded ({collation});
CREATE TABLE "Other Shop"."Order Lines" (
    "Order" bigint GENERATED ALWAYS AS IDENTITY,
    line smallint,
    code text COLLATE folded,
    doc json, docb jsonb, tree {xml}, spot point, bits bit(3), flags bit varying(9), tags text[], price numeric(10, 2),
    mail text COLLATE folded, feeling mood, said shout, at timestamptz, span interval, raw bytea, name char(5),
    total "char",
    twice numeric GENERATED ALWAYS AS (price * 2) STORED,
    instar_1 int,
    PRIMARY KEY ("Order", line, code)
);
INSERT INTO "Other Shop"."Order Lines" (line, code, doc, docb, tree, spot, bits, flags, tags, price, mail,
    feeling, said, at, span, raw, name, total, instar_1)
SELECT n, 'Code' || n, '{"a": 1, "a": 2}', '{"b": 1}', '<a/>', point(n, 2), B'101', B'1', '{a,NULL}', 1.50,
    'A@b', 'sad', 'HEY', now(), '1 mon 2 days', '\xff00', 'ab', 'x', 7
FROM generate_series(1, 3) n;
"""
EVERYTHING = 'SELECT t::text FROM "Other Shop"."Order Lines" AS t ORDER BY line'
TABLE = r'table="\"Other Shop\".\"Order Lines\""'


FOLDED = "provider = icu, locale = 'und-u-ks-level2', deterministic = false"


def order_lines(url: str, place: Path, collation: str) -> Ground:
    made = ground(url, place)
    for statement in _filled(collation).split(";\n")[:-1]:
        made.query(statement.strip())
    return made


def _filled(collation: str) -> str:
    """The small servers of the wheel have neither ICU nor XML."""
    return HARD.replace("{collation}", collation).replace("{xml}", "xml" if collation == FOLDED else "text")


@pytest.fixture
def lines(postgresql: str, tmp_path: Path) -> Ground:
    icu = query(postgresql, "SELECT 1 FROM pg_config() WHERE name = 'CONFIGURE' AND setting LIKE '%--with-icu%'")
    return order_lines(postgresql, tmp_path, FOLDED if icu else "locale = 'C'")


@pytest.mark.parametrize(
    "statement",
    [
        'DELETE FROM "Other Shop"."Order Lines"',
        """UPDATE "Other Shop"."Order Lines" SET doc = '{"a": 2}', docb = NULL, tree = '<b/>', spot = point(9, 9),
        raw = NULL, tags = '{}', price = 0, mail = 'a@B', feeling = 'glad', said = 'HO', span = '30 days',
        name = 'AB', flags = B'0'""",
    ],
)
def test_every_type_of_postgresql_comes_back(lines: Ground, statement: str) -> None:
    before = lines.query(EVERYTHING)
    lines.write(1, f"-- migrate:up\n-- instar:backup {TABLE}\n{statement};\n-- migrate:down\n-- instar:restore\n")
    lines.up()
    assert lines.query(EVERYTHING) != before
    lines.down()
    assert lines.query(EVERYTHING) == before


def test_a_value_that_its_collation_calls_equal_counts_as_changed(fresh: Fresh, tmp_path: Path) -> None:
    lines = order_lines(fresh("postgresql-15"), tmp_path, FOLDED)
    lines.write(
        1,
        f'-- migrate:up\n-- instar:backup {TABLE} columns=mail\nUPDATE "Other Shop"."Order Lines" SET mail = \'x\';\n'
        "-- migrate:down\n-- instar:restore keep=newer\n",
    )
    lines.up()
    lines.query('UPDATE "Other Shop"."Order Lines" SET mail = \'X\' WHERE line = 2')
    lines.down()
    assert lines.query('SELECT mail::text FROM "Other Shop"."Order Lines" ORDER BY line') == [
        ("A@b",),
        ("X",),
        ("A@b",),
    ]


def test_a_name_is_found_by_the_search_path_of_the_script(lines: Ground) -> None:
    before = lines.query(EVERYTHING)
    lines.write(
        1,
        '-- migrate:up\nSET search_path TO "Other Shop", public;\n'
        r'-- instar:backup table="\"Order Lines\"" columns="price,doc" where="\"Order\" > 1"'
        '\nUPDATE "Order Lines" SET price = 9, doc = NULL WHERE "Order" > 1;\n-- migrate:down\n-- instar:restore\n',
    )
    lines.up()
    lines.down()
    assert lines.query(EVERYTHING) == before


def test_a_partitioned_table_is_kept_and_restored(postgres: str, tmp_path: Path) -> None:
    made = ground(postgres, tmp_path)
    made.query("CREATE TABLE visits (id int, day date, note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)")
    made.query("CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')")
    made.query("INSERT INTO visits VALUES (1, '2024-02-03', 'a'), (2, '2024-02-04', 'b')")
    made.write(
        1, "-- migrate:up\n-- instar:backup table=visits\nTRUNCATE visits;\n-- migrate:down\n-- instar:restore\n"
    )
    made.up()
    made.down()
    assert made.query("SELECT id, note FROM visits ORDER BY id") == [(1, "a"), (2, "b")]


def test_two_histories_have_backups_of_their_own(postgres: str, tmp_path: Path) -> None:
    made = ground(postgres, tmp_path)
    made.write(1, _keeping("UPDATE t SET v = 0"))
    for schema in ("one", "two"):
        made.query(f"CREATE SCHEMA {schema}")
        made.query(f"CREATE TABLE {schema}.t (id int PRIMARY KEY, v text)")
        made.query(f"INSERT INTO {schema}.t VALUES (1, '{schema}')")
    for schema in ("one", "two"):
        made.write(1, _in(schema))
        made.up({"schema": schema})
    for schema in ("one", "two"):
        made.write(1, _in(schema))
        with made.migrator(schema=schema) as migrator:
            migrator.down()
        assert made.query(f"SELECT v FROM {schema}.t") == [(schema,)]


def _folder(place: Path, name: str) -> Path:
    (place / name).mkdir()
    return place / name


def _keeping(statement: str) -> str:
    return f"-- migrate:up\n-- instar:backup table=t\n{statement};\n-- migrate:down\n-- instar:restore\n"


def _in(schema: str) -> str:
    return (
        f"-- migrate:up\n-- instar:backup table={schema}.t\nUPDATE {schema}.t SET v = '0';\n"
        "-- migrate:down\n-- instar:restore\n"
    )


def test_every_type_of_mariadb_comes_back(mariadb: str, tmp_path: Path) -> None:
    made = ground(mariadb, tmp_path)
    made.query(
        "CREATE TABLE `odd ``name` (`key` varchar(10) COLLATE utf8mb4_bin, n int unsigned, made timestamp, d date,"
        " kind enum('a', 'B'), pair set('x', 'y'), doc json, raw blob, big bigint unsigned, f float, b bit(3), u uuid,"
        " word varchar(20) COLLATE utf8mb4_general_ci, twice int AS (n * 2) STORED, i int invisible DEFAULT 3,"
        " PRIMARY KEY (n, `key`))"
    )
    made.query(
        "INSERT INTO `odd ``name` (`key`, n, made, d, kind, pair, doc, raw, big, f, b, u, word) VALUES"
        " ('a', 1, '2024-01-01', '2024-01-02', 'B', 'x,y', '{\"a\": 1}', x'ff00', 18446744073709551615, 0.1, b'101',"
        " '123e4567-e89b-12d3-a456-426655440000', 'word'), ('A', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL, NULL, NULL)"
    )
    everything = "SELECT *, i FROM `odd ``name` ORDER BY `key`"
    before = made.query(everything)
    made.write(
        1,
        "-- migrate:up\n-- instar:backup table=\"`odd ``name`\"\nUPDATE `odd ``name` SET word = 'WORD', raw = NULL,"
        " f = 2, b = 0, u = NULL, made = now(), i = 4;\n"
        '-- instar:backup table="`odd ``name`"\nDELETE FROM `odd ``name`;\n'
        "-- migrate:down\n-- instar:restore\n",
    )
    made.up()
    assert made.query(everything) == []
    made.down()
    assert made.query(everything) == before


@pytest.mark.parametrize("extra", ["", " WITHOUT ROWID", " STRICT"])
def test_odd_tables_of_sqlite_come_back(sqlite: str, tmp_path: Path, extra: str) -> None:
    made = ground(sqlite, tmp_path)
    made.query(
        'CREATE TABLE "odd name" ("key" TEXT COLLATE NOCASE, n INTEGER, v ANY, raw BLOB,'
        f' twice INTEGER AS (n * 2) STORED, "group" TEXT COLLATE NOCASE, PRIMARY KEY (n, "key")){extra}'
    )
    made.query(
        'INSERT INTO "odd name" ("key", n, v, raw, "group")'
        " VALUES ('a', 1, '01', x'ff', 'x'), ('b', 1, 2.5, NULL, NULL)"
    )
    everything = 'SELECT *, typeof(v) FROM "odd name" ORDER BY "key"'
    before = made.query(everything)
    made.write(
        1,
        r"-- migrate:up"
        '\n-- instar:backup table="\\"odd name\\"" columns=group\nUPDATE "odd name" SET "group" = \'X\';\n'
        '-- instar:backup table="\\"odd name\\""\nDELETE FROM "odd name";\n-- migrate:down\n-- instar:restore\n',
    )
    made.up()
    made.down()
    assert made.query(everything) == before


def test_the_backup_is_no_part_of_the_schema(fresh: Fresh, tmp_path: Path) -> None:
    for server in ("postgresql-15", "mariadb", "sqlite"):
        made = ground(fresh(server), _folder(tmp_path, server))
        made.query("CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(9))")
        made.write(1, _keeping("UPDATE t SET v = '0'"))
        with made.migrator() as migrator:
            before = migrator.snapshot()
            migrator.up()
            assert migrator.snapshot() == before, server


def test_what_is_added_to_the_table_later_does_not_hinder(fresh: Fresh, tmp_path: Path) -> None:
    for server in ("postgresql-15", "mariadb", "sqlite"):
        made = ground(fresh(server), _folder(tmp_path, server))
        made.query("CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(9), w VARCHAR(9))")
        made.query("INSERT INTO t (id, v, w) VALUES (1, 'a', 'b')")
        made.write(
            1,
            _keeping("UPDATE t SET v = '0', w = '1'"),
        )
        made.up()
        made.query("ALTER TABLE t ADD COLUMN x INTEGER DEFAULT 5")
        made.query("ALTER TABLE t DROP COLUMN w")
        made.down()
        assert made.query("SELECT id, v, x FROM t") == [(1, "a", 5)]


def test_a_backup_tells_its_rows_to_the_log(sqlite: str, tmp_path: Path) -> None:
    made = ground(sqlite, tmp_path)
    made.query("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    made.query("INSERT INTO t VALUES (1, 'a')")
    made.write(1, _keeping("UPDATE t SET v = '0'"))
    made.up()
    (attempt,) = made.history(version=version(1))
    assert '"table": "main.t", "rows": 1' in json.dumps(attempt.context["backups"])

"""Two schemas compared on real databases: what differs, what is benign, how it is said."""

from collections.abc import Callable
from contextlib import closing

import pytest

from conftest import POSTGRESQL, connect, query
from instar import dialects
from instar.dialects import Settings
from instar.difference import Difference, What, document
from instar.render.difference import summary
from instar.schema.diff import compare
from instar.schema.order import ordered
from instar.schema.script import script, text
from instar.snapshot import Object, Snapshot

Compare = Callable[[str, str], Difference]
POSTGRES = dialects.load("postgresql")


def snapshot(url: str) -> Snapshot:
    session = dialects.for_url(url).connect(url, Settings())
    try:
        return session.snapshot()
    finally:
        session.close()


@pytest.fixture
def made(fresh: Callable[[str], str]) -> Callable[[str], Snapshot]:
    """Return a function that makes a schema in a new database and reads it."""

    def make(sql: str) -> Snapshot:
        url = fresh(POSTGRESQL[-1])
        for piece in POSTGRES.cut(sql):
            query(url, sql[piece.start : piece.end])
        return snapshot(url)

    return make


@pytest.fixture
def different(made: Callable[[str], Snapshot]) -> Compare:
    return lambda before, after: compare(made(before), made(after))


def test_the_same_schema_made_in_another_order_is_no_difference(different: Compare) -> None:
    one, two = "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)"
    found = different(f"{one};\n{two}", f"{two};\n{one}")
    assert not found
    assert str(found) == ""


def test_the_tree_names_every_object_below_its_owner(different: Compare) -> None:
    found = different(
        "CREATE TABLE orders (id int PRIMARY KEY, total numeric(10,2), note text);\nCREATE VIEW old AS SELECT 1 AS one",
        "CREATE TABLE orders (id int PRIMARY KEY, total numeric(12,2), sent date);\nCREATE TABLE notes (id int, t int)",
    )
    assert str(found).splitlines() == [
        "+ table public.notes  (with 2 columns)",
        "  table public.orders",
        "  - column public.orders.note",
        "  + column public.orders.sent",
        "  ~ column public.orders.total",
        "      type: numeric(10,2) -> numeric(12,2)",
        "- view public.old  (with 1 column)",
    ]
    assert len(found.real) == 5


def test_the_order_of_columns_is_benign(different: Compare) -> None:
    found = different("CREATE TABLE t (a int, b int)", "CREATE TABLE t (b int, a int)")
    assert {change.benign for change in found} == {"order of columns"}
    assert not found.real
    assert str(found).splitlines() == ["  table public.t", "  ~ order of columns: a, b -> b, a  (benign)"]


def test_columns_behind_a_new_one_have_not_moved(different: Compare) -> None:
    found = different("CREATE TABLE t (a int, c int)", "CREATE TABLE t (a int, b int, c int)")
    assert [change.key for change in found] == ["column public.t.b"]


def test_the_order_of_attributes_is_real(different: Compare) -> None:
    assert different("CREATE TYPE t AS (a int, b int)", "CREATE TYPE t AS (b int, a int)").real


def test_another_name_that_the_server_made_is_benign(different: Compare) -> None:
    found = different(
        "CREATE TABLE t (a int CONSTRAINT t_a_key UNIQUE)", "CREATE TABLE t (a int CONSTRAINT t_a_key1 UNIQUE)"
    )
    assert {change.benign for change in found} == {"a name that the server made"}
    assert [change.counterpart for change in found] == ["constraint public.t.t_a_key1", "constraint public.t.t_a_key"]


def test_a_default_follows_the_name_of_its_sequence(different: Compare) -> None:
    found = different(
        "CREATE TABLE t (id serial)", "CREATE SEQUENCE t_id_seq;\nCREATE TABLE t (id serial);\nDROP SEQUENCE t_id_seq"
    )
    assert found
    assert not found.real


def test_a_name_that_somebody_gave_is_real_and_perhaps_a_rename(different: Compare) -> None:
    found = different(
        "CREATE TABLE t (a int CONSTRAINT uq_one UNIQUE)", "CREATE TABLE t (a int CONSTRAINT uq_two UNIQUE)"
    )
    assert [(change.what, change.counterpart) for change in found.real] == [
        (What.REMOVED, "constraint public.t.uq_two"),
        (What.ADDED, "constraint public.t.uq_one"),
    ]


def test_a_renamed_table_is_hinted_at(different: Compare) -> None:
    found = different("CREATE TABLE old (id int, note text)", "CREATE TABLE new (id int, note text)")
    assert [change.counterpart for change in found] == ["table public.old", "table public.new"]


def test_white_space_and_comments_in_a_body_are_benign(different: Compare) -> None:
    head = "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$"
    found = different(f"{head}BEGIN RETURN 'a  b'; END$$", f"{head}\nBEGIN\n  -- say it\n  RETURN 'a  b';\nEND$$")
    assert [change.benign for change in found] == ["white space and comments only"]


def test_white_space_in_a_string_of_a_body_is_real(different: Compare) -> None:
    head = "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$"
    assert different(f"{head}BEGIN RETURN 'a  b'; END$$", f"{head}BEGIN RETURN 'a b'; END$$").real


def test_the_document_has_every_change(different: Compare) -> None:
    found = different("CREATE TABLE t (a int)", "CREATE TABLE t (a bigint)")
    assert document(found) == {
        "before": "before",
        "after": "after",
        "same": False,
        "same_but_benign": False,
        "changes": [
            {
                "what": "changed",
                "kind": "column",
                "name": "public.t.a",
                "of": "table public.t",
                "facts": [{"name": "type", "before": "integer", "after": "bigint", "benign": None}],
                "parts": [],
                "benign": None,
                "renamed": None,
            }
        ],
    }


def test_a_change_without_a_safe_statement_is_a_comment(made: Callable[[str], Snapshot]) -> None:
    lines = script(made("CREATE TABLE t (a text)"), made("CREATE TABLE t (a int)"), POSTGRES)
    assert text(lines, POSTGRES) == (
        "-- not written: column public.t.a: type text becomes integer; no statement does this safely\n"
    )


def test_what_loses_data_is_marked_and_a_rename_hinted_at(made: Callable[[str], Snapshot]) -> None:
    before, after = made("CREATE TABLE t (id int, a text)"), made("CREATE TABLE t (id int, b text)")
    first, *others = text(script(before, after, POSTGRES), POSTGRES).splitlines()
    assert first.startswith("-- perhaps a rename: column public.t.a goes and column public.t.b comes")
    assert others == [
        "-- loses data",
        "ALTER TABLE public.t DROP COLUMN a;",
        "ALTER TABLE public.t ADD COLUMN b text;",
    ]


def test_tables_that_need_each_other_are_dropped(made: Callable[[str], Snapshot], fresh: Callable[[str], str]) -> None:
    sql = (
        "CREATE TABLE a (id int PRIMARY KEY, b int);\nCREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);\n"
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b"
    )
    url = fresh(POSTGRESQL[-1])
    empty = snapshot(url)
    for statement in sql.split(";\n"):
        query(url, statement)
    for line in script(snapshot(url), empty, POSTGRES):
        query(url, line.sql)
    assert snapshot(url) == empty


def test_objects_stand_behind_what_they_need() -> None:
    whole = Snapshot(
        [
            Object("view", "a", needs=("function f()",)),
            Object("function", "f()", needs=("table t",)),
            Object("table", "t"),
            Object("column", "t.c", "table t", needs=("sequence s",)),
            Object("sequence", "s", "column t.c"),
        ]
    )
    assert [item.key for item in ordered(whole)] == [
        "sequence s", "table t", "column t.c", "function f()", "view a",
    ]  # fmt: skip


def test_a_circle_is_broken_in_the_same_way_each_time() -> None:
    circle = [Object("function", "b", needs=("function a",)), Object("function", "a", needs=("function b",))]
    assert [item.name for item in ordered(Snapshot(circle))] == ["a", "b"]
    assert ordered(Snapshot(circle[::-1])) == ordered(Snapshot(circle))


GRANTS = {
    "a privilege comes": ("GRANT SELECT (e) ON t TO r", "GRANT SELECT (e) ON t TO r;\nGRANT UPDATE ON t TO r"),
    "a privilege of table and column": (
        "GRANT SELECT (e), UPDATE (f) ON t TO r;\nGRANT SELECT, DELETE ON t TO r",
        "GRANT SELECT (e), UPDATE (f) ON t TO r;\nGRANT DELETE ON t TO r",
    ),
    "both change": (
        "GRANT SELECT (e) ON t TO r WITH GRANT OPTION;\nGRANT SELECT, UPDATE ON t TO r",
        "GRANT SELECT (e), UPDATE (e) ON t TO r;\nGRANT UPDATE ON t TO r WITH GRANT OPTION",
    ),
    "columns come and go": (
        "GRANT SELECT (e), SELECT (g) ON t TO r;\nGRANT SELECT ON t TO r",
        "ALTER TABLE t DROP COLUMN g;\nALTER TABLE t ADD COLUMN h int;\nGRANT SELECT (e), SELECT (h) ON t TO r",
    ),
    "passed on by another": (
        "CREATE TABLE u (e int);\nGRANT SELECT ON t, u TO r WITH GRANT OPTION",
        (
            "CREATE TABLE u (e int);\nGRANT SELECT ON t, u TO r WITH GRANT OPTION;\n"
            "DO $$BEGIN SET LOCAL ROLE instar_granted; GRANT SELECT ON t TO PUBLIC; GRANT SELECT ON u TO PUBLIC; END$$"
        ),
    ),
    "the owner": ("GRANT SELECT (e) ON t TO r", "GRANT SELECT (e) ON t TO r;\nREVOKE UPDATE ON t FROM CURRENT_USER"),
    "a view": (
        "CREATE VIEW v AS SELECT e, f FROM t;\nGRANT SELECT (e) ON v TO r;\nGRANT SELECT ON v TO r",
        "CREATE VIEW v AS SELECT e, f FROM t;\nGRANT SELECT (e) ON v TO r",
    ),
    "a function": (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;\nGRANT EXECUTE ON FUNCTION f() TO r WITH GRANT OPTION",
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;\nREVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;\n"
            "GRANT EXECUTE ON FUNCTION f() TO r"
        ),
    ),
}


@pytest.fixture
def granting(made: Callable[[str], Snapshot], fresh: Callable[[str], str]) -> Callable[[str, str], tuple[str, str]]:
    """Return a function that runs the script from one state to another; it says the script and what still differs."""

    def run(before: str, after: str) -> tuple[str, str]:
        head = "CREATE TABLE t (e int, f int, g int);\n"
        role = "CREATE ROLE instar_granted; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;"
        url = fresh(POSTGRESQL[-1])
        query(url, f"DO $$BEGIN {role} END$$")
        old, new = (head + each.replace("TO r", "TO instar_granted") for each in (before, after))
        for piece in POSTGRES.cut(old):
            query(url, old[piece.start : piece.end])
        wanted = made(new)
        lines = script(snapshot(url), wanted, POSTGRES)
        with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
            for line in lines:
                cursor.execute(line.sql)
        return text(lines, POSTGRES), str(compare(snapshot(url), wanted))

    return run


@pytest.mark.parametrize("case", GRANTS)
@pytest.mark.parametrize("step", [1, -1], ids=["there", "back"])
def test_grants_are_changed_and_those_on_columns_stay(
    granting: Callable[[str, str], tuple[str, str]], case: str, step: int
) -> None:
    before, after = GRANTS[case][::step]
    assert granting(before, after)[1] == ""


def test_only_the_privileges_that_differ_are_written(granting: Callable[[str, str], tuple[str, str]]) -> None:
    assert granting("GRANT SELECT (e), SELECT ON t TO r", "GRANT SELECT (e), SELECT, UPDATE ON t TO r") == (
        "GRANT UPDATE ON TABLE public.t TO instar_granted;\n",
        "",
    )
    assert granting("GRANT SELECT, UPDATE ON t TO r", "GRANT UPDATE ON t TO r WITH GRANT OPTION") == (
        (
            "REVOKE SELECT ON TABLE public.t FROM instar_granted;\n"
            "GRANT UPDATE ON TABLE public.t TO instar_granted WITH GRANT OPTION;\n"
        ),
        "",
    )


def test_the_order_of_a_tables_columns_is_said_once_as_benign(made: Callable[[str], Snapshot]) -> None:
    before = made("CREATE TABLE t (a int, b int);\nCREATE TABLE u (a int, b int)")
    after = made("CREATE TABLE t (b int, a int);\nCREATE TABLE u (b int, a int)")
    lines = script(before, after, POSTGRES)
    assert text(lines, POSTGRES) == "-- benign: the columns stand in another order in table public.t, table public.u\n"
    assert not any(line.unsaid for line in lines)


def test_a_detached_partition_takes_its_indexes_along(
    made: Callable[[str], Snapshot], fresh: Callable[[str], str]
) -> None:
    attached = (
        "CREATE TABLE p (id int UNIQUE) PARTITION BY RANGE (id);\nCREATE INDEX i ON p (id);\n"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9)"
    )
    detached = f"{attached};\nALTER TABLE p DETACH PARTITION p1"
    url = fresh(POSTGRESQL[-1])
    for statement in attached.split(";\n"):
        query(url, statement)
    wanted = made(detached)
    lines = script(snapshot(url), wanted, POSTGRES)
    assert text(lines, POSTGRES) == "ALTER TABLE public.p DETACH PARTITION public.p1;\n"
    query(url, lines[0].sql)
    assert str(compare(snapshot(url), wanted)) == ""


def test_what_is_counted_is_what_is_shown(different: Compare) -> None:
    found = different("CREATE TABLE t (a int, b int, c int)", "CREATE TABLE t (b int, a int, c bigint)")
    assert summary(found) == "2 objects differ, 1 of them benign"
    assert summary(different("CREATE TABLE t (a int, b int)", "CREATE TABLE t (b int, a int)")) == (
        "1 object differs, which is benign"
    )

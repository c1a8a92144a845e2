"""Rules about partitions, views, indexes and instant locks: what clears them, and that the rewrites they show run."""

from typing import Any

import psycopg
import pytest
from rule_findings import found, one, rules

from instar.dialects import load

EVENTS = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE events (id int NOT NULL, kind text, parent_id int) PARTITION BY RANGE (id);
CREATE TABLE events_first PARTITION OF events FOR VALUES FROM (0) TO (1000);
CREATE TABLE "Old events" (id int NOT NULL, kind text, parent_id int);
CREATE TABLE kinds (kind text) PARTITION BY LIST (kind);
CREATE TABLE kinds_old (kind text);
CREATE TABLE kinds_rest PARTITION OF kinds DEFAULT;
CREATE TABLE kinds_list (kind text) PARTITION BY LIST (kind);
CREATE TABLE kinds_list_a PARTITION OF kinds_list FOR VALUES IN ('a');
CREATE TABLE ranges (id int) PARTITION BY RANGE (id);
CREATE TABLE ranges_a PARTITION OF ranges FOR VALUES FROM (MINVALUE) TO (10);
CREATE TABLE ranges_rest PARTITION OF ranges DEFAULT;
CREATE MATERIALIZED VIEW totals AS SELECT kind, count(*) AS number FROM events GROUP BY kind;
CREATE INDEX idx_parent ON parent (id);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
"""
ATTACH = 'ALTER TABLE events ATTACH PARTITION "Old events" FOR VALUES FROM (1000) TO (2000);'
CHECK = 'ALTER TABLE "Old events" ADD CONSTRAINT c CHECK (id >= 1000 AND id < 2000);'
SHOWN = {
    "attach-partition-scan": ATTACH,
    "default-partition-scan": "CREATE TABLE kinds_a PARTITION OF kinds FOR VALUES IN ('a', 'b');",
    "create-partition-of": "CREATE TABLE events_second PARTITION OF events FOR VALUES FROM (1000) TO (2000);",
    "detach-partition": "ALTER TABLE events DETACH PARTITION events_first;",
    "drop-partition": "DROP TABLE events_first;",
    "reindex-not-concurrent": "REINDEX (VERBOSE) TABLE parent;",
    "vacuum-full": "VACUUM FULL parent;",
}


RANGES = {
    "attach-partition-scan": "ALTER TABLE kinds_list ATTACH PARTITION kinds_old FOR VALUES IN ('c', NULL);",
    "default-partition-scan": "CREATE TABLE ranges_b PARTITION OF ranges FOR VALUES FROM (10) TO (MAXVALUE);",
}


def fixes(rule: str, text: str) -> list[str]:
    return [item.fix.sql for item in found(text, after=EVENTS) if item.rule == rule and item.fix]


def run(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for piece in load("postgresql").cut(text):
            connection.execute(text[piece.start : piece.end].encode())


@pytest.mark.parametrize("rule", SHOWN)
def test_the_rewrite_that_is_shown_runs_and_is_not_flagged_again(rule: str, postgresql: str) -> None:
    (fix,) = fixes(rule, SHOWN[rule])
    run(postgresql, EVENTS)
    run(postgresql, fix)
    apart = "\n".join(f"BEGIN;\n{line}\nCOMMIT;" for line in fix.splitlines())
    again = fix if "CONCURRENTLY" in fix or "VACUUM" in fix else apart
    assert rule not in rules(again, after=EVENTS)


@pytest.mark.parametrize("rule", ["attach-partition-scan", "default-partition-scan"])
def test_the_check_that_is_shown_spares_the_server_the_scan(rule: str, postgresql: str) -> None:
    for text in (SHOWN[rule], RANGES[rule]):
        (fix,) = fixes(rule, text)
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(b"DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            connection.execute(EVENTS.encode())
            assert spared(connection, fix)


def spared(connection: psycopg.Connection[Any], text: str) -> bool:
    """Run statements and say whether the server found that a CHECK proves what it would have to read."""
    notices: list[str] = []
    connection.execute("SET client_min_messages = debug1")
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    connection.execute(text.encode())
    return any("implied by existing constraints" in notice for notice in notices)


def test_an_attached_table_with_missing_indexes_is_named_with_what_to_build() -> None:
    index = "CREATE INDEX idx_events_kind ON events (kind);"
    said = [item for item in found(ATTACH, after=EVENTS + CHECK + index) if item.rule == "attach-partition-scan"]
    assert [item.message for item in said] == [
        'reads and writes of "Old events" wait while indexes are built on it',
    ]
    assert 'CREATE INDEX CONCURRENTLY ON "Old events" (kind)' in said[0].advice


@pytest.mark.parametrize(
    ("check", "flagged"),
    [
        ("id >= 1000 AND id < 2000", False),
        ("id > 999 AND id < 2000", True),
        ("id BETWEEN 1000 AND 1999", False),
        ("id >= 1200 AND id < 1500", False),
        ("id >= 1000", True),
        ("id IN (1000, 1001)", False),
        ("kind = 'x'", True),
    ],
)
def test_a_check_clears_the_scan_only_when_it_proves_the_bound(check: str, *, flagged: bool, postgresql: str) -> None:
    before = f'{EVENTS}ALTER TABLE "Old events" ADD CHECK ({check});'
    found_rules = rules(ATTACH, after=before)
    assert ("attach-partition-scan" in found_rules) == flagged
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(before.encode())
        assert spared(connection, ATTACH) == (not flagged)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE made (id int) PARTITION BY RANGE (id); CREATE TABLE m1 PARTITION OF made DEFAULT;",
        """CREATE TABLE made (id int NOT NULL, kind text, parent_id int);
        ALTER TABLE events ATTACH PARTITION made FOR VALUES FROM (1000) TO (2000);""",
        "CREATE MATERIALIZED VIEW mv AS SELECT id FROM parent WITH NO DATA; REFRESH MATERIALIZED VIEW mv;",
        "CREATE TABLE made (id int REFERENCES parent);",
        "CREATE TRIGGER t BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION f();",
        "CREATE TABLE made (id int REFERENCES parent); INSERT INTO made VALUES (1);",
        "DROP INDEX idx_parent; CREATE INDEX idx_parent ON parent (id);",
    ],
)
def test_ordinary_migrations_are_not_troubled(text: str) -> None:
    ours = {*SHOWN, "matview-refresh-blocking", "fk-locks-parent", "trigger-ddl", "replace-index-gap", "cluster"}
    assert not rules(text, after=EVENTS) & ours


def test_a_view_without_a_unique_index_is_told_what_it_needs() -> None:
    item = one("matview-refresh-blocking", "REFRESH MATERIALIZED VIEW totals;", after=EVENTS)
    assert item.fix is None
    assert "create a unique index on columns of totals" in item.advice


def test_a_lock_on_the_referenced_table_matters_when_slow_work_follows() -> None:
    text = "CREATE TABLE made (id int, p int REFERENCES parent); INSERT INTO made SELECT id, id FROM parent;"
    item = one("fk-locks-parent", text, after=EVENTS)
    assert item.relation == "parent"
    assert "INSERT INTO made SELECT id, id FROM parent" in item.message

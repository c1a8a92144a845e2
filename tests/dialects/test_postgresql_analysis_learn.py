"""What is learned of migrations is what the server's own catalog holds after them."""

from contextlib import closing
from typing import Any

import psycopg
import pytest
from lock_truth import learned

from instar.catalog import Constraint, ConstraintKind, Schema, Table
from instar.dialects import Settings, load

SCRIPTS = {
    "tables": """
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE customers (id bigserial PRIMARY KEY, email varchar(50) NOT NULL UNIQUE, age int CHECK (age > 0));
        CREATE TABLE orders (
            id bigint GENERATED ALWAYS AS IDENTITY,
            customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
            total numeric(10, 2) DEFAULT 0,
            mood mood,
            note text,
            twice numeric GENERATED ALWAYS AS (total * 2) STORED,
            CONSTRAINT pk_orders PRIMARY KEY (id),
            CONSTRAINT positive CHECK (total >= 0 AND customer_id > 0),
            UNIQUE (customer_id, total)
        );
        CREATE INDEX ON orders (customer_id);
        CREATE UNIQUE INDEX idx_orders_lower ON orders (lower(note), total) INCLUDE (id) WHERE total > 5;
        CREATE TABLE copied (LIKE orders INCLUDING ALL);
        CREATE TABLE shape (LIKE orders);
        CREATE UNLOGGED TABLE quick (id int, self int);
        CREATE TABLE tree (id int PRIMARY KEY, parent_id int REFERENCES tree (id) ON DELETE SET NULL);
    """,
    "partitions": """
        CREATE TABLE parent (id int PRIMARY KEY);
        CREATE TABLE events (id int PRIMARY KEY, p int REFERENCES parent, kind text) PARTITION BY RANGE (id);
        CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100);
        CREATE INDEX idx_events_kind ON events (kind);
        CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100) TO (MAXVALUE);
        CREATE TABLE loose (id int NOT NULL, p int, kind text);
        CREATE INDEX idx_loose_kind ON loose (kind);
        ALTER TABLE events ATTACH PARTITION loose FOR VALUES FROM (-100) TO (0);
        ALTER TABLE events DETACH PARTITION events_1;
        CREATE INDEX idx_events_p ON ONLY events (p);
        CREATE INDEX idx_events_2_p ON events_2 (p);
        CREATE INDEX idx_loose_p ON loose (p);
        ALTER INDEX idx_events_p ATTACH PARTITION idx_events_2_p;
        ALTER INDEX idx_events_p ATTACH PARTITION idx_loose_p;
        CREATE TABLE regions (name text, n int) PARTITION BY LIST (name);
        CREATE TABLE regions_a PARTITION OF regions FOR VALUES IN ('a', 'b');
        CREATE TABLE regions_rest PARTITION OF regions DEFAULT;
        ALTER TABLE regions RENAME COLUMN n TO number;
        CREATE TABLE base (id int, x int DEFAULT 3);
        CREATE TABLE kid (y int) INHERITS (base);
    """,
    "renames": """
        CREATE SCHEMA app;
        CREATE TYPE size AS ENUM ('s', 'm');
        CREATE TABLE old (id serial PRIMARY KEY, a int CHECK (a > 0 OR a IS NULL), s size, CONSTRAINT a_key UNIQUE (a));
        CREATE INDEX idx_old_a ON old (a) WHERE a > 3;
        CREATE TABLE child (id int PRIMARY KEY, old_a int REFERENCES old (a));
        ALTER TABLE old RENAME COLUMN a TO b;
        ALTER TABLE old RENAME CONSTRAINT a_key TO b_key;
        ALTER INDEX idx_old_a RENAME TO idx_old_b;
        ALTER TABLE old RENAME TO young;
        ALTER TYPE size RENAME TO sizes;
        ALTER TYPE sizes ADD VALUE 'l' AFTER 'm';
        ALTER TYPE sizes ADD VALUE 'xs' BEFORE 's';
        ALTER TYPE sizes RENAME VALUE 'm' TO 'medium';
        ALTER TABLE young SET SCHEMA app;
        ALTER TYPE sizes SET SCHEMA app;
        CREATE TABLE app.more (id int, s app.sizes);
        SET search_path TO app, public;
        CREATE TABLE here (id int PRIMARY KEY);
        CREATE INDEX idx_here ON here (id);
        ALTER TABLE more RENAME TO most;
    """,
    "drops": """
        CREATE TABLE a (id int PRIMARY KEY, x int);
        CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);
        CREATE TABLE c (id int PRIMARY KEY, b_id int REFERENCES b);
        CREATE VIEW va AS SELECT id, x FROM a;
        CREATE VIEW vva AS SELECT id FROM va;
        CREATE MATERIALIZED VIEW m AS SELECT id FROM c;
        CREATE INDEX idx_b ON b (a_id);
        DROP INDEX idx_b;
        DROP TABLE a CASCADE;
        CREATE SCHEMA gone;
        CREATE TABLE gone.t (id serial PRIMARY KEY);
        DROP SCHEMA gone CASCADE;
        CREATE TYPE odd AS ENUM ('x');
        CREATE TABLE d (id int, o odd, n int);
        DROP TYPE odd CASCADE;
        CREATE SEQUENCE s;
        DROP SEQUENCE s;
    """,
    "views and triggers": """
        CREATE TABLE t (id int PRIMARY KEY, name text);
        CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
        ALTER FUNCTION f() IMMUTABLE;
        CREATE VIEW v AS SELECT id, name FROM t;
        CREATE VIEW w AS WITH x AS (SELECT id FROM v) SELECT x.id, t.name FROM x JOIN t USING (id);
        CREATE OR REPLACE VIEW v AS SELECT id, name, id AS again FROM t WHERE id IN (SELECT id FROM t);
        CREATE MATERIALIZED VIEW mv AS SELECT id, name FROM t WITH NO DATA;
        CREATE UNIQUE INDEX idx_mv ON mv (id);
        CREATE TABLE made AS SELECT id, name FROM t;
        CREATE TABLE counted AS SELECT count(*)::int AS n FROM t;
        ALTER VIEW v RENAME TO vv;
        CREATE TABLE noted (id int);
        CREATE RULE nothing AS ON DELETE TO noted DO INSTEAD NOTHING;
        CREATE POLICY p ON noted USING (true);
    """,
}


def column(table: Table) -> list[tuple[object, ...]]:
    return [(c.name, c.type, c.nullable, bool(c.default), c.identity, c.generated) for c in table.columns]


def constraint(schema: Schema, item: Constraint) -> tuple[object, ...]:
    primary = [index.columns for index in schema.known(item.references).indexes if index.primary]
    referenced = item.referenced or (primary[0] if item.references and primary else ())
    return (item.name, item.kind, frozenset(item.columns), item.references, referenced, item.on_delete, item.validated)


def whole(schema: Schema, table: Table) -> dict[str, Any]:
    """Return what must be the same, in a form that can be compared."""
    wanted = [item for item in table.constraints if item.kind is not ConstraintKind.NOT_NULL]
    indexes = {
        (i.name, i.columns, i.unique, i.primary, i.uses, bool(i.predicate), i.include, i.constraint, i.valid, i.parent)
        for i in table.indexes
    }
    return {
        "kind": table.kind,
        "columns": column(table) if table.complete else [],
        "constraints": {constraint(schema, item) for item in wanted},
        "indexes": indexes,
        "triggers": set(table.triggers),
        "parent": (table.parent, table.inherited, table.default, table.bound),
        "key": table.key,
        "persistence": table.persistence,
        "sources": table.sources,
        "populated": table.populated,
    }


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_learned_is_what_the_catalog_holds(name: str, postgresql: str) -> None:
    script = SCRIPTS[name]
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(script.encode())
        version = connection.info.server_version // 10000
    with closing(load("postgresql").connect(postgresql, Settings())) as session:
        live = session.catalog()
    replayed = learned(script, version)
    assert sorted(replayed.tables) == sorted(live.tables)
    for key, table in live.tables.items():
        mine = replayed.tables[key]
        compared = table if mine.complete else live_without_columns(table)
        assert whole(replayed, mine) == whole(live, compared), key
    labels = {key: (item.kind, item.labels) for key, item in live.types.items()}
    assert {key: (item.kind, item.labels) for key, item in replayed.types.items()} == labels
    found = {key: item.volatility for key, item in live.functions.items()}
    assert {key: item.volatility for key, item in replayed.functions.items()} == found


def live_without_columns(table: Table) -> Table:
    """Return a relation of which no more is known than what a query's text tells."""
    from msgspec.structs import replace

    return replace(table, complete=False)

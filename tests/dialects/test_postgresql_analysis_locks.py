"""The locks and the scans that are computed are those that a server shows: less common statements."""

import psycopg
from lock_truth import Seen, computed, learned, seen, statements

from instar.dialects import load

SETUP = """
CREATE SCHEMA app;
CREATE TABLE parent (id int PRIMARY KEY, code int UNIQUE);
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent ON DELETE CASCADE, o int REFERENCES other, note text);
CREATE TABLE grandchild (id int PRIMARY KEY, c int REFERENCES child ON DELETE SET NULL);
CREATE INDEX idx_grandchild_c ON grandchild (c);
CREATE TABLE app.things (id serial PRIMARY KEY, name text, p int REFERENCES parent);
CREATE INDEX idx_things_name ON app.things (lower(name));
CREATE VIEW v AS SELECT id, p FROM child;
CREATE VIEW app.vv AS SELECT id FROM v;
CREATE TABLE ranges (id int NOT NULL, p int REFERENCES parent, day date) PARTITION BY RANGE (id);
CREATE TABLE ranges_1 PARTITION OF ranges FOR VALUES FROM (0) TO (100);
CREATE TABLE ranges_rest PARTITION OF ranges (CHECK (id < 0 OR id >= 1000)) DEFAULT;
CREATE INDEX idx_ranges_day ON ranges (day);
CREATE TABLE lists (name text, n int) PARTITION BY LIST (name);
CREATE TABLE lists_a PARTITION OF lists FOR VALUES IN ('a');
CREATE TABLE lists_rest PARTITION OF lists DEFAULT;
CREATE TABLE days (day date NOT NULL, n int) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE lonely (name text, n int) PARTITION BY LIST (name);
CREATE TABLE in_b (name text, n int, CHECK (name IS NOT NULL AND name IN ('b', 'c')));
CREATE TABLE in_between (name text NOT NULL, n int, CHECK (name = ANY (ARRAY['b', 'c'])));
CREATE TABLE maybe_null (name text, n int, CHECK (name IN ('b', 'c')));
CREATE TABLE wide (name text NOT NULL, n int, CHECK (name IN ('b', 'c', 'd')));
CREATE TABLE february (day date NOT NULL, n int, CHECK (day >= '2024-02-01' AND day < '2024-03-01'));
CREATE TABLE february_between (day date NOT NULL, n int, CHECK (day BETWEEN '2024-02-01' AND '2024-02-29'));
CREATE TABLE february_late (day date NOT NULL, n int, CHECK (day >= '2024-02-01'));
CREATE TABLE february_unchecked (day date NOT NULL, n int);
ALTER TABLE february_unchecked ADD CONSTRAINT later CHECK (day >= '2024-02-01' AND day < '2024-03-01') NOT VALID;
CREATE TABLE ranges_2 (id int NOT NULL, p int REFERENCES parent, day date, CHECK (id >= 100 AND id < 200));
CREATE TABLE base (id int, x int);
CREATE TABLE kid (y int) INHERITS (base);
CREATE SEQUENCE counter;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE moods (id int PRIMARY KEY, m mood);
CREATE FUNCTION work() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE MATERIALIZED VIEW mv AS SELECT id, code FROM parent;
CREATE UNIQUE INDEX idx_mv ON mv (id);
INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
INSERT INTO other SELECT i FROM generate_series(1, 301) i;
INSERT INTO child SELECT i, i, i, 'x' FROM generate_series(1, 300) i;
INSERT INTO ranges SELECT i, i, '2024-01-01' FROM generate_series(1, 99) i;
"""
STATEMENTS = """
CREATE TABLE made (id int, p int REFERENCES parent, o int, FOREIGN KEY (o) REFERENCES other (id));
CREATE TABLE IF NOT EXISTS child (id int);
CREATE TABLE made (LIKE child INCLUDING ALL);
CREATE TABLE made (z int) INHERITS (base);
CREATE TEMPORARY TABLE made AS SELECT * FROM child;
CREATE TABLE made (id int REFERENCES parent (code));
CREATE TABLE ranges_3 PARTITION OF ranges FOR VALUES FROM (200) TO (300);
CREATE TABLE ranges_3 PARTITION OF ranges FOR VALUES FROM (900) TO (2000);
CREATE TABLE lists_b PARTITION OF lists FOR VALUES IN ('b');
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
CREATE TABLE days_rest PARTITION OF days DEFAULT;
ALTER TABLE ranges ATTACH PARTITION ranges_2 FOR VALUES FROM (100) TO (200);
ALTER TABLE ranges ATTACH PARTITION ranges_2 FOR VALUES FROM (100) TO (150);
ALTER TABLE lonely ATTACH PARTITION in_b FOR VALUES IN ('b', 'c', 'd');
ALTER TABLE lonely ATTACH PARTITION in_between FOR VALUES IN ('b', 'c');
ALTER TABLE lonely ATTACH PARTITION maybe_null FOR VALUES IN ('b', 'c');
ALTER TABLE lonely ATTACH PARTITION maybe_null FOR VALUES IN ('b', 'c', NULL);
ALTER TABLE lonely ATTACH PARTITION wide FOR VALUES IN ('b', 'c');
ALTER TABLE lonely ATTACH PARTITION wide DEFAULT;
ALTER TABLE days ATTACH PARTITION february FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
ALTER TABLE days ATTACH PARTITION february FOR VALUES FROM ('2024-02-01') TO ('2024-02-15');
ALTER TABLE days ATTACH PARTITION february_between FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
ALTER TABLE days ATTACH PARTITION february_late FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
ALTER TABLE days ATTACH PARTITION february_late FOR VALUES FROM ('2024-02-01') TO (MAXVALUE);
ALTER TABLE days ATTACH PARTITION february_unchecked FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
ALTER TABLE ranges DETACH PARTITION ranges_1;
ALTER TABLE ranges DETACH PARTITION ranges_rest;
ALTER TABLE days DETACH PARTITION days_1;
CREATE INDEX idx_made ON app.things (name);
CREATE INDEX idx_made ON ranges (id);
CREATE INDEX idx_made ON ONLY ranges (id);
CREATE INDEX IF NOT EXISTS idx_ranges_day ON ranges (day);
DROP INDEX app.idx_things_name;
DROP INDEX idx_ranges_day;
DROP INDEX idx_mv;
REINDEX TABLE app.things;
REINDEX INDEX idx_grandchild_c;
REINDEX TABLE mv;
DROP TABLE child CASCADE;
DROP TABLE grandchild, child CASCADE;
DROP TABLE parent CASCADE;
DROP TABLE app.things;
DROP TABLE ranges_1;
DROP TABLE ranges;
DROP TABLE base CASCADE;
DROP VIEW v CASCADE;
DROP VIEW app.vv;
DROP MATERIALIZED VIEW mv;
DROP SEQUENCE counter;
DROP TYPE mood CASCADE;
DROP SCHEMA app CASCADE;
DROP FUNCTION work();
ALTER TABLE child RENAME TO kids;
ALTER TABLE app.things RENAME COLUMN name TO title;
ALTER TABLE ranges RENAME COLUMN day TO date;
ALTER TABLE base RENAME COLUMN x TO z;
ALTER TABLE child RENAME CONSTRAINT child_pkey TO pk_child;
ALTER TABLE child RENAME CONSTRAINT child_p_fkey TO fk_child_p;
ALTER INDEX idx_grandchild_c RENAME TO idx_c;
ALTER VIEW v RENAME TO v2;
ALTER SEQUENCE counter RENAME TO count;
ALTER TYPE mood RENAME TO moodiness;
ALTER SCHEMA app RENAME TO application;
ALTER TABLE child SET SCHEMA app;
ALTER VIEW v SET SCHEMA app;
ALTER TYPE mood SET SCHEMA app;
TRUNCATE parent CASCADE;
TRUNCATE ranges;
TRUNCATE app.things RESTART IDENTITY;
TRUNCATE parent;
LOCK TABLE ranges IN SHARE MODE;
LOCK TABLE ONLY ranges IN EXCLUSIVE MODE;
ANALYZE ranges;
CLUSTER grandchild USING idx_grandchild_c;
CREATE RULE r AS ON DELETE TO base DO INSTEAD NOTHING;
CREATE POLICY p ON child USING (p IN (SELECT id FROM parent));
CREATE STATISTICS s (dependencies) ON id, p FROM child;
CREATE PUBLICATION pub FOR TABLE child, app.things;
COMMENT ON COLUMN child.note IS 'x';
COMMENT ON INDEX idx_grandchild_c IS 'x';
COMMENT ON CONSTRAINT child_pkey ON child IS 'x';
COMMENT ON SEQUENCE counter IS 'x';
ALTER SEQUENCE counter INCREMENT BY 2;
ALTER SEQUENCE app.things_id_seq AS bigint;
CREATE OR REPLACE VIEW v AS SELECT id, p FROM child WHERE id > 1;
CREATE VIEW made AS SELECT * FROM v JOIN other USING (id);
REFRESH MATERIALIZED VIEW mv;
REFRESH MATERIALIZED VIEW CONCURRENTLY mv;
INSERT INTO child (id, p, o) VALUES (1000, 1, 1);
INSERT INTO app.things (name) VALUES ('x');
INSERT INTO child (id) SELECT id + 1000 FROM other;
UPDATE child SET note = 'y';
UPDATE child SET p = 2 WHERE note = 'x';
UPDATE child SET note = 'z' WHERE id = 3;
DELETE FROM other WHERE id = 301;
DELETE FROM grandchild;
WITH gone AS (DELETE FROM grandchild RETURNING id) INSERT INTO other SELECT id + 5000 FROM gone;
MERGE INTO other USING parent ON other.id = parent.id + 1000 WHEN NOT MATCHED THEN INSERT VALUES (parent.id + 1000);
SELECT * FROM child FOR UPDATE;
SELECT * FROM child c JOIN other o ON o.id = c.o FOR UPDATE OF c;
SELECT nextval('counter');
GRANT SELECT ON child TO PUBLIC;
ALTER TYPE mood ADD VALUE 'happy';
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';
CREATE SEQUENCE made;
CREATE TYPE made AS ENUM ('x');
"""
CHANGES_ROWS = ("truncate", "insert", "update", "delete", "with", "merge", "select")


def compared(found: Seen, text: str) -> tuple[object, ...]:
    """Return what must agree; what rows a statement meets decides which of its look-ups are scans."""
    rows = text.lower().startswith(CHANGES_ROWS)
    refused = bool(found.error)
    return (refused, {} if refused else found.locks, frozenset() if refused or rows else found.scanned)


def test_what_is_computed_is_what_a_server_shows(postgresql: str) -> None:
    wrong = []
    with psycopg.connect(postgresql) as connection:
        connection.execute(SETUP.encode())
        connection.commit()
        schema = learned(SETUP, connection.info.server_version // 10000)
        for text in statements(STATEMENTS):
            mine = computed(load("postgresql").analyse(text, schema))
            its = seen(connection, text)
            if compared(mine, text) != compared(its, text):
                wrong.append(f"{text}\n    computed {mine}\n    seen     {its}")
    assert not wrong, "\n".join(wrong)

-- /// migration
-- description = "Tables and rows in one transaction"
-- ///

-- migrate:before
SELECT event FROM witness WHERE event = 'up 1';

-- migrate:up
CREATE TABLE counters (name text PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO counters VALUES ('a', 0), ('do', 0), ('call', 0);
CREATE TABLE items (label text, n int);
INSERT INTO items SELECT 'item', n FROM generate_series(1, 200) AS n;
CREATE INDEX items_n ON items (n);
INSERT INTO witness VALUES ('up 1');

-- migrate:after
SELECT count(*) FROM items HAVING count(*) <> 200;

-- migrate:down
INSERT INTO witness VALUES ('down 1');
DROP TABLE items;
DROP TABLE counters;

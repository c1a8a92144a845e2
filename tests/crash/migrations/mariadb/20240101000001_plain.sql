-- migrate:before
SELECT event FROM witness WHERE event = 'up 1';

-- migrate:up
CREATE TABLE counters (name varchar(20) PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO counters VALUES ('a', 0), ('call', 0);
CREATE TABLE items (label varchar(20), n int);
INSERT INTO items SELECT 'item', seq FROM seq_1_to_50;
CREATE INDEX items_n ON items (n);
INSERT INTO witness VALUES ('up 1');

-- migrate:after
SELECT COUNT(*) FROM items HAVING COUNT(*) <> 50;

-- migrate:down
INSERT INTO witness VALUES ('down 1');
DROP TABLE items;
DROP TABLE counters;

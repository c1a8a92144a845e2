-- migrate:before
SELECT event FROM witness WHERE event = 'up 1';

-- migrate:up
CREATE TABLE counters (name text PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO counters VALUES ('a', 0);
CREATE TABLE parents (id integer PRIMARY KEY, label text);
CREATE TABLE children (n int, parent integer NOT NULL REFERENCES parents (id) ON DELETE CASCADE);
INSERT INTO parents VALUES (1, 'one'), (2, 'two');
INSERT INTO children VALUES (10, 1), (11, 1), (20, 2);
INSERT INTO witness VALUES ('up 1');

-- migrate:after
SELECT count(*) FROM children HAVING count(*) <> 3;

-- migrate:down
INSERT INTO witness VALUES ('down 1');
DROP TABLE children;
DROP TABLE parents;
DROP TABLE counters;

-- migrate:up
CREATE SCHEMA app;
SET search_path TO app, public;
CREATE TABLE docs (a int, b int);
INSERT INTO docs SELECT n, n FROM generate_series(1, 500) AS n;
CREATE INDEX CONCURRENTLY docs_a ON docs (a);
UPDATE counters SET n = n + 100 WHERE name = 'a';
INSERT INTO docs VALUES (1, 501);
CREATE UNIQUE INDEX CONCURRENTLY docs_b ON docs (b);
INSERT INTO witness VALUES ('up 3');

-- migrate:down
SET search_path TO app, public;
DROP INDEX CONCURRENTLY docs_b;
INSERT INTO witness VALUES ('down 3a');
DROP INDEX CONCURRENTLY docs_a;
INSERT INTO witness VALUES ('down 3b');
DROP TABLE docs;
DROP SCHEMA app;

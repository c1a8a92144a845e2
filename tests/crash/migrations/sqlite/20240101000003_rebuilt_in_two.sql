-- migrate:up
PRAGMA foreign_keys = OFF;
BEGIN;
UPDATE counters SET n = n + 10 WHERE name = 'a';
INSERT INTO witness VALUES ('up 3a');
COMMIT;
BEGIN IMMEDIATE;
CREATE TABLE new_parents (id integer PRIMARY KEY, label text NOT NULL, extra int);
INSERT INTO new_parents SELECT id, label, 7 FROM parents;
DROP TABLE parents;
ALTER TABLE new_parents RENAME TO parents;
INSERT INTO witness VALUES ('up 3b');
COMMIT;
PRAGMA foreign_keys = ON;

-- migrate:down
PRAGMA foreign_keys = OFF;
BEGIN;
INSERT INTO witness VALUES ('down 3a');
COMMIT;
BEGIN;
CREATE TABLE old_parents (id integer PRIMARY KEY, label text NOT NULL);
INSERT INTO old_parents SELECT id, label FROM parents;
DROP TABLE parents;
ALTER TABLE old_parents RENAME TO parents;
COMMIT;

-- migrate:up
PRAGMA foreign_keys = OFF;
CREATE TABLE new_parents (id integer PRIMARY KEY, label text NOT NULL);
INSERT INTO new_parents SELECT id, label FROM parents;
DROP TABLE parents;
ALTER TABLE new_parents RENAME TO parents;
PRAGMA foreign_key_check;
UPDATE counters SET n = n + 1 WHERE name = 'a';
PRAGMA foreign_keys = ON;

-- migrate:down
INSERT INTO witness VALUES ('down 2');

-- migrate:up
BEGIN;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (name text, mood mood);
INSERT INTO people VALUES ('ann', 'sad');
COMMIT;
UPDATE counters SET n = n + 1 WHERE name = 'a';
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO witness VALUES ('up 2');
UPDATE counters SET n = n + 10 WHERE name = 'a';
COMMIT;

-- migrate:down
BEGIN;
INSERT INTO witness VALUES ('down 2a');
DROP TABLE people;
COMMIT;
BEGIN;
DROP TYPE mood;
INSERT INTO witness VALUES ('down 2b');
COMMIT;

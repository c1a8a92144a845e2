-- migrate:up
UPDATE counters SET n = n + 100 WHERE name = 'a';
VACUUM;
INSERT INTO witness VALUES ('up 4');

-- migrate:down
INSERT INTO witness VALUES ('down 4a');
VACUUM;
INSERT INTO witness VALUES ('down 4b');

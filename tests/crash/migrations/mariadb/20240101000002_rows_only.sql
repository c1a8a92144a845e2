-- migrate:up
UPDATE counters SET n = n + 1 WHERE name = 'a';
INSERT INTO witness VALUES ('up 2a');
INSERT INTO witness VALUES ('up 2b');

-- migrate:down
INSERT INTO witness VALUES ('down 2a');
INSERT INTO witness VALUES ('down 2b');

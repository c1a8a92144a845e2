-- migrate:up
INSERT INTO witness VALUES ('up 8a');
VACUUM counters;
INSERT INTO witness VALUES ('up 8b');
REINDEX INDEX CONCURRENTLY items_n;
UPDATE counters SET n = n + 10000 WHERE name = 'a';

-- migrate:down
INSERT INTO witness VALUES ('down 8');
REINDEX TABLE CONCURRENTLY items;

-- migrate:up
INSERT INTO witness VALUES ('up 5a');
DO $$
BEGIN
    UPDATE counters SET n = n + 1 WHERE name = 'do';
    COMMIT;
    UPDATE counters SET n = n + 10 WHERE name = 'do';
    COMMIT;
END
$$;
INSERT INTO witness VALUES ('up 5b');

-- migrate:down
INSERT INTO witness VALUES ('down 5');

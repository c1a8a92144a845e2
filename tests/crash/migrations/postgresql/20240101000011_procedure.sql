-- migrate:up
CREATE PROCEDURE count_up() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE counters SET n = n + 1 WHERE name = 'call';
    COMMIT;
    UPDATE counters SET n = n + 10 WHERE name = 'call';
END
$$;
INSERT INTO witness VALUES ('up 11a');
CALL count_up();
INSERT INTO witness VALUES ('up 11b');

-- migrate:down
DROP PROCEDURE count_up();
INSERT INTO witness VALUES ('down 11');

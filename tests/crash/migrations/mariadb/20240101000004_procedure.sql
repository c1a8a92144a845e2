-- migrate:up
DELIMITER //
CREATE PROCEDURE count_up()
BEGIN
    UPDATE counters SET n = n + 1 WHERE name = 'call';
    COMMIT;
    UPDATE counters SET n = n + 10 WHERE name = 'call';
END//
DELIMITER ;
INSERT INTO witness VALUES ('up 4a');
CALL count_up();
INSERT INTO witness VALUES ('up 4b');

-- migrate:down
DROP PROCEDURE count_up;
INSERT INTO witness VALUES ('down 4');

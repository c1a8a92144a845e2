-- migrate:before
SELECT n FROM counters WHERE name = 'a' AND n <> 111;

-- migrate:up
CREATE TRIGGER counted AFTER INSERT ON children
BEGIN
    UPDATE counters SET n = n + 1000 WHERE name = 'a';
    INSERT INTO witness VALUES ('up 7');
END;
INSERT INTO children VALUES (21, 2);

-- migrate:after
SELECT n FROM counters WHERE name = 'a' AND n <> 1111;

-- migrate:down
DROP TRIGGER counted;
DELETE FROM children WHERE n = 21;
INSERT INTO witness VALUES ('down 7');

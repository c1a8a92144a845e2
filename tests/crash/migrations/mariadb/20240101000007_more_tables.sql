-- migrate:before
SELECT n FROM counters WHERE name = 'a' AND n <> 111;

-- migrate:up
CREATE TABLE copies AS SELECT n FROM things WHERE n < 10;
INSERT INTO copies VALUES (1000);
ALTER TABLE copies ADD PRIMARY KEY (n), ADD COLUMN m int;
DROP TABLE IF EXISTS nothing_of_that_name;
UPDATE counters SET n = n + 1000 WHERE name = 'a';

-- migrate:after
SELECT n FROM counters WHERE name = 'a' AND n <> 1111;

-- migrate:down
DROP TABLE copies;
INSERT INTO witness VALUES ('down 7');

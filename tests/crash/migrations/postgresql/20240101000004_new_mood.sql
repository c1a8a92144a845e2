-- migrate:up
INSERT INTO witness VALUES ('up 4a');
ALTER TYPE mood ADD VALUE 'curious';
INSERT INTO people VALUES ('bob', 'curious');
INSERT INTO witness VALUES ('up 4b');

-- migrate:down
DELETE FROM people WHERE name = 'bob';
INSERT INTO witness VALUES ('down 4');

-- migrate:up
CREATE TABLE parts (n int) PARTITION BY RANGE (n);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE INDEX parts_n ON parts (n);
INSERT INTO parts VALUES (1);
REINDEX TABLE parts;
INSERT INTO parts VALUES (2);
INSERT INTO witness VALUES ('up 9');

-- migrate:down
DROP TABLE parts;
INSERT INTO witness VALUES ('down 9');

-- migrate:up
INSERT INTO witness VALUES ('up 10a');
ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY;
INSERT INTO witness VALUES ('up 10b');

-- migrate:down
ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES FROM (0) TO (10);
INSERT INTO witness VALUES ('down 10');

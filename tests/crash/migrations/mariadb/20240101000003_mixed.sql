-- migrate:up
SET @step = 10;
ALTER TABLE items ADD COLUMN extra int NOT NULL DEFAULT 7;
UPDATE counters SET n = n + @step WHERE name = 'a';
CREATE TRIGGER items_counted AFTER INSERT ON items FOR EACH ROW
    UPDATE counters SET n = n + 100 WHERE name = 'a';
INSERT INTO items VALUES ('one more', 51, 1);
DROP TRIGGER items_counted;
RENAME TABLE items TO things;
CREATE VIEW numbers AS SELECT n FROM things;
START TRANSACTION;
INSERT INTO witness VALUES ('up 3a');
INSERT INTO witness VALUES ('up 3b');
COMMIT;
ALTER TABLE things RENAME INDEX items_n TO things_n;

-- migrate:down
ALTER TABLE things RENAME INDEX things_n TO items_n;
DROP VIEW numbers;
INSERT INTO witness VALUES ('down 3a');
RENAME TABLE things TO items;
ALTER TABLE items DROP COLUMN extra;
INSERT INTO witness VALUES ('down 3b');

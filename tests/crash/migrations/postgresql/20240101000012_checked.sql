-- migrate:before
SELECT n FROM counters WHERE name = 'a' AND n <> 11111;

-- migrate:up
ALTER TABLE items ADD CONSTRAINT items_positive CHECK (n > 0) NOT VALID;
UPDATE counters SET n = n + 100000 WHERE name = 'a';
ALTER TABLE items VALIDATE CONSTRAINT items_positive;

-- migrate:after
SELECT n FROM counters WHERE name = 'a' AND n <> 111111;

-- migrate:down
ALTER TABLE items DROP CONSTRAINT items_positive;
INSERT INTO witness VALUES ('down 12');

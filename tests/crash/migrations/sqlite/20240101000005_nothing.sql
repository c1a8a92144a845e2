-- migrate:up
-- There is nothing to do here.

-- migrate:down
INSERT INTO witness VALUES ('down 5');

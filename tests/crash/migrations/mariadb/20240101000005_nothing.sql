-- There is nothing to do here, and nothing to undo.
-- migrate:up
-- migrate:down
INSERT INTO witness VALUES ('down 5');

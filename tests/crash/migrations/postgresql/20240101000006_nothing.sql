-- There is nothing to do here.

-- migrate:down
-- And nothing to undo.
INSERT INTO witness VALUES ('down 6');

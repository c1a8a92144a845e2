-- migrate:up
CREATE VIEW users_with_theme AS
    SELECT id, email, '${literal} {{ text }} %s :name' AS mark
    FROM users WHERE settings ? 'theme' AND id % 2 = 0;

-- migrate:contract
ALTER TABLE users DROP COLUMN name;

-- migrate:down
DROP VIEW users_with_theme;

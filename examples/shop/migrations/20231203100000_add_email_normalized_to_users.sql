-- /// migration
-- description = "Add users.email_normalized and fill it whenever an e-mail address is written"
-- author = "shop-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "medium"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users"]
-- dependencies = ["20231130100000"]
-- tags = ["schema", "new-column", "email", "expand"]
-- ///

-- migrate:up
ALTER TABLE users ADD COLUMN email_normalized VARCHAR(255);

-- The application that runs today knows nothing of the new column. The trigger fills it in the application's place,
-- from this moment on; 20231203100100 fills the rows that are older.
CREATE FUNCTION users_set_email_normalized() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.email_normalized := lower(trim(NEW.email));
    RETURN NEW;
END
$$;

CREATE TRIGGER trg_users_email_normalized
    BEFORE INSERT OR UPDATE OF email ON users FOR EACH ROW
    EXECUTE FUNCTION users_set_email_normalized();

-- migrate:down
DROP TRIGGER trg_users_email_normalized ON users;
DROP FUNCTION users_set_email_normalized();
ALTER TABLE users DROP COLUMN email_normalized;

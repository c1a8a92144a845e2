-- /// migration
-- description = "Store e-mail addresses in lower case and without surrounding spaces"
-- author = "helpdesk-team@example.com"
-- estimated_duration = "2 seconds"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["customers", "customer_email_backups"]
-- dependencies = ["20240304090000"]
-- tags = ["data"]
-- ///

-- Data only, so it is one transaction, and the record of it is part of that transaction.

-- migrate:before
-- Customers whose addresses would become the same one.
SELECT LOWER(TRIM(email)) AS address, COUNT(*) AS customers
FROM customers
GROUP BY LOWER(TRIM(email))
HAVING COUNT(*) > 1;

-- migrate:up
INSERT INTO customer_email_backups (customer_id, email_before, email_after)
SELECT id, email, LOWER(TRIM(email))
FROM customers
WHERE email <> LOWER(TRIM(email)) OR CHAR_LENGTH(email) <> CHAR_LENGTH(TRIM(email));

UPDATE customers c
JOIN customer_email_backups b ON b.customer_id = c.id
SET c.email = b.email_after;

-- migrate:after
-- The lengths are compared as well: to MariaDB two texts that differ in spaces at the end are equal.
SELECT id, email
FROM customers
WHERE email <> LOWER(TRIM(email)) OR CHAR_LENGTH(email) <> CHAR_LENGTH(TRIM(email));

-- migrate:down
-- Addresses that were changed since stay as they are.
UPDATE customers c
JOIN customer_email_backups b ON b.customer_id = c.id
SET c.email = b.email_before
WHERE c.email = b.email_after;

DELETE FROM customer_email_backups;

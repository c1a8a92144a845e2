-- /// migration
-- description = "Loans that are late"
-- author = "library-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "medium"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["overdue_loans"]
-- dependencies = ["20240101090000"]
-- tags = ["view", "repeatable"]
-- ///

-- migrate:up
DROP VIEW IF EXISTS overdue_loans;
CREATE VIEW overdue_loans AS
SELECT l.id AS loan_id, b.title, m.email, l.due_on
FROM loans l
JOIN books b ON b.id = l.book_id
JOIN members m ON m.id = l.member_id
WHERE l.returned_on IS NULL AND l.due_on < date('now');

-- migrate:down
DROP VIEW IF EXISTS overdue_loans;

-- 1,000 customers and 3,000 tickets. Running it again changes nothing. SEQUENCE is a storage engine of MariaDB.
INSERT IGNORE INTO customers (id, email, name)
SELECT
    seq,
    CASE seq % 5
        WHEN 1 THEN CONCAT('Customer.', seq, '@Example.COM')
        WHEN 2 THEN CONCAT('  customer.', seq, '@example.com')
        ELSE CONCAT('customer.', seq, '@example.com')
    END,
    CONCAT('Customer ', seq)
FROM seq_1_to_1000;

INSERT IGNORE INTO tickets (id, customer_id, subject, status, opened_at)
SELECT
    seq,
    1 + seq % 1000,
    CONCAT('Question ', seq),
    ELT(1 + seq % 3, 'open', 'waiting', 'closed'),
    '2024-01-01' + INTERVAL seq MINUTE
FROM seq_1_to_3000;

-- 500 books. Running it again changes nothing.
INSERT INTO books (id, title, isbn)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 500)
SELECT
    n,
    'Book No. ' || n,
    CASE n % 4
        WHEN 0 THEN NULL
        WHEN 1 THEN printf('978-3-%05d-%03d-%d', n, n, n % 10)
        WHEN 2 THEN printf('3 %05d %03d X', n, n)
        ELSE printf('9783%09d', n)
    END
FROM numbers
WHERE true
ON CONFLICT DO NOTHING;

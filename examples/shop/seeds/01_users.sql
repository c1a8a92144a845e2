-- 100,000 users, or as many as the setting shop.users says:  ALTER DATABASE ... SET shop.users = 2000
-- Running it again changes nothing. Works right after the base tables and at any later state of the schema: it writes
-- base columns only, and asks the catalog about the two that a contract step removes.
--
-- The data is as untidy as data is: addresses with capitals and spaces or missing, names missing or blank, profile_data
-- that is no JSON, totals not computed. That is what the migrations are for.

CREATE TEMPORARY TABLE new_users AS
SELECT
    n AS id,
    CASE
        WHEN n % 1000 = 0 THEN NULL
        WHEN n % 10 = 1 THEN 'User.' || n || '@Example.com'
        WHEN n % 10 = 2 THEN '  user.' || n || '@shop.example  '
        WHEN n % 10 = 3 THEN 'USER.' || n || '@MAIL.EXAMPLE'
        ELSE 'user.' || n || '@' || (ARRAY['example.com', 'example.org', 'shop.example'])[1 + n % 3]
    END AS email,
    CASE
        WHEN n % 20 IN (0, 1, 2) THEN NULL
        WHEN n % 97 = 0 THEN ' '
        ELSE (ARRAY['Ada', 'Bruno', 'Chidi', 'Dana', 'Emre', 'Farah', 'Goro', 'Hana', 'Ines', 'Jonas'])[1 + n % 10]
    END AS first_name,
    CASE
        WHEN n % 20 IN (0, 1, 3) THEN NULL
        ELSE (ARRAY['Berg', 'Costa', 'Diaz', 'Eriksen', 'Fischer', 'Garcia', 'Haddad'])[1 + n % 7]
    END AS last_name,
    CASE WHEN n % 50 = 7 THEN 'Doctor No. ' || n END AS full_name,
    CASE WHEN n % 5 = 0 THEN 'I am user number ' || n END AS bio,
    CASE WHEN n % 4 = 0 THEN 'https://img.example/' || n || '.png' END AS avatar_url,
    CASE
        WHEN n % 500 = 1 THEN '{"firstName": "Bro'
        WHEN n % 500 = 2 THEN 'null'
        WHEN n % 5 = 0 THEN json_build_object(
            'firstName', 'First' || n, 'lastName', 'Last' || n, 'dateOfBirth', date '1950-01-01' + (n % 18000)::integer)::text
        WHEN n % 5 = 1 THEN json_build_object('lastName', 'Last' || n)::text
    END AS profile_data,
    n % 13 <> 0 AS active,
    CASE WHEN n % 3 <> 0 THEN timestamptz '2023-06-01 00:00:00+00' + n * interval '1 minute' END AS last_login_at,
    CASE WHEN n % 101 = 0 THEN timestamptz '2023-11-01 00:00:00+00' END AS deleted_at,
    timestamptz '2022-01-01 00:00:00+00' + n * interval '7 minutes' AS created_at
FROM generate_series(1, coalesce(nullif(current_setting('shop.users', true), ''), '100000')::bigint) AS n
WHERE NOT EXISTS (SELECT FROM users WHERE users.id = n);

DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'bio' AND NOT attisdropped
    ) THEN
        INSERT INTO users (id, email, first_name, last_name, full_name, bio, avatar_url, profile_data,
                           active, last_login_at, deleted_at, created_at, updated_at)
        SELECT id, email, first_name, last_name, full_name, bio, avatar_url, profile_data,
               active, last_login_at, deleted_at, created_at, created_at
        FROM new_users
        ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO users (id, email, first_name, last_name, full_name, profile_data,
                           active, last_login_at, deleted_at, created_at, updated_at)
        SELECT id, email, first_name, last_name, full_name, profile_data,
               active, last_login_at, deleted_at, created_at, created_at
        FROM new_users
        ON CONFLICT DO NOTHING;

        INSERT INTO user_profiles (user_id, bio, avatar_url, created_at)
        SELECT n.id, n.bio, n.avatar_url, n.created_at
        FROM new_users n
        JOIN users u ON u.id = n.id
        WHERE n.bio IS NOT NULL OR n.avatar_url IS NOT NULL
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;

-- The rows brought their own ids: the next user must not get one of them.
SELECT setval(pg_get_serial_sequence('users', 'id'), greatest(max(id), (SELECT last_value FROM users_id_seq)))
FROM users
HAVING count(*) > 0;

DROP TABLE new_users;

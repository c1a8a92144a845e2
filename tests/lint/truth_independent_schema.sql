-- A shop and its blog: what is there before every statement of truth_independent.sql.
CREATE SCHEMA app;
CREATE SCHEMA "Archive";
CREATE TYPE app.order_status AS ENUM ('new', 'paid', 'shipped');
CREATE TYPE app."Colour" AS ENUM ('red', 'green');
CREATE TYPE app.address AS (street text, city text);
CREATE TYPE app.price_range AS RANGE (subtype = numeric);
CREATE DOMAIN app.email AS text CHECK (VALUE LIKE '%@%');
CREATE DOMAIN app.slug AS varchar(80);
CREATE DOMAIN app.handle AS app.slug;
CREATE DOMAIN app.quantity AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE DOMAIN app.price AS numeric(12,2);
CREATE DOMAIN app.unused AS text NOT NULL;
CREATE SEQUENCE app.invoice_no;
CREATE SEQUENCE "Archive"."Box";
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION app.slugify(value text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(replace(value, '' '', ''-''))';
CREATE FUNCTION app.next_code() RETURNS text LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN md5(random()::text); END';
CREATE FUNCTION app.tenant() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION app.zero() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 0; END';
CREATE FUNCTION app.add_audit() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE app.orders ADD COLUMN audited boolean; END';
CREATE PROCEDURE app.archive_orders() LANGUAGE plpgsql AS 'BEGIN DELETE FROM app.orders WHERE id < 0; END';
CREATE TABLE app."Customers" (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "fullName" text NOT NULL,
    email app.email,
    country char(2),
    created_at timestamptz NOT NULL DEFAULT now(),
    notes text,
    referrer uuid REFERENCES app."Customers" (id),
    score numeric(6,2),
    tags text[],
    prefs jsonb,
    born date
);
INSERT INTO app."Customers" (id, "fullName", email, country, notes, score, tags, prefs, born)
SELECT ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, 'Customer ' || i, i || '@example.org', 'NL', 'n', i % 100,
    '{a,b}', '{"a": 1}', '1980-01-01' FROM generate_series(1, 500) i;
CREATE UNIQUE INDEX "Customers_email_key" ON app."Customers" (lower(email));
CREATE INDEX customers_tags ON app."Customers" USING gin (tags);
CREATE INDEX customers_prefs ON app."Customers" USING gin (prefs jsonb_path_ops);
CREATE INDEX customers_recent ON app."Customers" (created_at DESC) WHERE referrer IS NULL;
CREATE TABLE app.products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku varchar(20) NOT NULL UNIQUE,
    name varchar(120),
    price app.price,
    weight real,
    stock int DEFAULT 0,
    active boolean DEFAULT true,
    colour app."Colour",
    gross numeric GENERATED ALWAYS AS (price * 1.2) STORED,
    released date,
    code char(8),
    origin inet,
    old_id int,
    sizes int[],
    labels varchar(10)[],
    pack interval,
    flags bit(4),
    CONSTRAINT stock_not_negative CHECK (stock >= 0)
);
INSERT INTO app.products (sku, name, price, weight, stock, colour, released, code, origin, old_id, sizes, labels, pack, flags)
SELECT 'sku-' || i, 'Product ' || i, 9.5, 1.5, i, 'red', '2024-01-01', 'c' || i, '10.0.0.1', i, '{1,2}', '{x}', '1 day', '1010'
FROM generate_series(1, 400) i;
CREATE INDEX products_name ON app.products (name) INCLUDE (price);
CREATE INDEX products_active ON app.products (released) WHERE active;
CREATE TABLE app.categories (
    id serial PRIMARY KEY,
    parent_id int,
    title text NOT NULL,
    path text UNIQUE DEFERRABLE,
    CONSTRAINT categories_tree FOREIGN KEY (parent_id) REFERENCES app.categories (id) ON DELETE CASCADE
);
INSERT INTO app.categories (parent_id, title, path) SELECT nullif(i - 1, 0), 'c' || i, '/' || i FROM generate_series(1, 60) i;
CREATE TABLE app.product_categories (
    product_id bigint NOT NULL REFERENCES app.products ON DELETE CASCADE,
    category_id int NOT NULL REFERENCES app.categories,
    position int,
    PRIMARY KEY (product_id, category_id)
);
INSERT INTO app.product_categories SELECT i, 1 + i % 60, i FROM generate_series(1, 400) i;
CREATE TABLE app.orders (
    id bigserial PRIMARY KEY,
    customer_id uuid NOT NULL CONSTRAINT orders_customer REFERENCES app."Customers" (id),
    status app.order_status DEFAULT 'new',
    total numeric(10,2) CHECK (total >= 0),
    placed_at timestamp,
    shipped_at timestamptz,
    note varchar(200),
    billing app.address,
    channel text
);
INSERT INTO app.orders (customer_id, status, total, placed_at, shipped_at, note, channel)
SELECT ('00000000-0000-0000-0000-' || lpad((1 + i % 500)::text, 12, '0'))::uuid, 'paid', 10, '2024-01-01', '2024-01-02Z', 'x', 'web'
FROM generate_series(1, 600) i;
CREATE INDEX orders_customer_idx ON app.orders (customer_id, placed_at);
CREATE INDEX orders_unshipped ON app.orders (placed_at) WHERE shipped_at IS NULL;
CREATE TRIGGER orders_touch BEFORE UPDATE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON app.orders USING (true);
CREATE TABLE app.order_lines (
    order_id bigint NOT NULL,
    line_no smallint NOT NULL,
    product_id bigint,
    amount app.quantity,
    CONSTRAINT lines_pk PRIMARY KEY (order_id, line_no),
    CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES app.orders (id) ON DELETE CASCADE,
    CONSTRAINT lines_product FOREIGN KEY (product_id) REFERENCES app.products (id) ON DELETE SET NULL
);
INSERT INTO app.order_lines SELECT i, 1, 1 + i % 400, 1 FROM generate_series(1, 600) i;
CREATE TABLE app.shipments (
    id int GENERATED BY DEFAULT AS IDENTITY (START WITH 1000),
    order_id bigint,
    line_no smallint,
    carrier text,
    CONSTRAINT shipments_line FOREIGN KEY (order_id, line_no) REFERENCES app.order_lines (order_id, line_no)
);
INSERT INTO app.shipments (order_id, line_no, carrier) SELECT i, 1, 'post' FROM generate_series(1, 300) i;
CREATE UNIQUE INDEX shipments_id_key ON app.shipments (id);
CREATE TABLE "Order Details" (
    "Id" serial,
    "Unit Price" numeric,
    "Qty" smallint,
    "Remark" varchar(30) COLLATE "C",
    CONSTRAINT "PK Order Details" PRIMARY KEY ("Id")
);
INSERT INTO "Order Details" ("Unit Price", "Qty", "Remark") SELECT i, 1, 'r' FROM generate_series(1, 200) i;
CREATE INDEX "Remark Index" ON "Order Details" ("Remark");
CREATE TABLE posts (
    id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    author uuid,
    title varchar(255),
    slug app.slug UNIQUE,
    handle app.handle,
    body text,
    published_at timestamptz,
    views int NOT NULL DEFAULT 0,
    search tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(body, ''))) STORED
);
INSERT INTO posts (author, title, slug, handle, body, published_at)
SELECT '00000000-0000-0000-0000-000000000001', 't' || i, 's' || i, 'h', 'words and words', '2024-01-01Z' FROM generate_series(1, 300) i;
CREATE INDEX posts_search ON posts USING gin (search);
CREATE INDEX posts_slugified ON posts (app.slugify(title::text));
CREATE TABLE comments (
    id bigserial PRIMARY KEY,
    post_id int NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    reply_to bigint REFERENCES comments (id),
    body text,
    stars smallint
);
INSERT INTO comments (post_id, body, stars) SELECT 1 + i % 300, 'b', 3 FROM generate_series(1, 500) i;
CREATE INDEX comments_post ON comments (post_id);
CREATE TABLE media (id int NOT NULL, url text, bytes int);
INSERT INTO media SELECT i, 'u', i FROM generate_series(1, 50) i;
CREATE TABLE images (width int, height int) INHERITS (media);
INSERT INTO images SELECT i, 'u', i, 1, 1 FROM generate_series(1, 50) i;
CREATE TABLE thumbnails (of_image int) INHERITS (images);
INSERT INTO thumbnails SELECT i, 'u', i, 1, 1, i FROM generate_series(1, 50) i;
CREATE TABLE scans (id int NOT NULL, url text, bytes int, dpi int);
INSERT INTO scans SELECT i, 'u', i, 300 FROM generate_series(1, 50) i;
CREATE TABLE events (
    id bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    kind text NOT NULL,
    payload jsonb,
    weight int
) PARTITION BY RANGE (happened_at);
CREATE INDEX events_kind ON events (kind);
CREATE TABLE events_q1 PARTITION OF events FOR VALUES FROM ('2024-01-01Z') TO ('2024-04-01Z');
CREATE TABLE events_q2 PARTITION OF events FOR VALUES FROM ('2024-04-01Z') TO ('2024-07-01Z') PARTITION BY LIST (kind);
CREATE TABLE events_q2_click PARTITION OF events_q2 FOR VALUES IN ('click', 'tap');
CREATE TABLE events_q2_rest PARTITION OF events_q2 DEFAULT;
INSERT INTO events SELECT i, '2024-01-02Z', 'click', '{}', i FROM generate_series(1, 200) i;
INSERT INTO events SELECT i, '2024-05-02Z', CASE WHEN i % 2 = 0 THEN 'click' ELSE 'view' END, '{}', i FROM generate_series(201, 400) i;
CREATE TABLE events_q3 (id bigint NOT NULL, happened_at timestamptz NOT NULL, kind text NOT NULL, payload jsonb, weight int);
INSERT INTO events_q3 SELECT i, '2024-08-02Z', 'click', '{}', i FROM generate_series(401, 500) i;
CREATE TABLE events_q4 (LIKE events INCLUDING ALL);
ALTER TABLE events_q4 ADD CONSTRAINT q4 CHECK (happened_at >= '2024-10-01Z' AND happened_at < '2025-01-01Z');
INSERT INTO events_q4 SELECT i, '2024-11-02Z', 'click', '{}', i FROM generate_series(501, 600) i;
CREATE TABLE stock_moves (
    region text NOT NULL,
    id int NOT NULL,
    product_id bigint REFERENCES app.products (id),
    qty int,
    PRIMARY KEY (region, id)
) PARTITION BY LIST (region);
CREATE TABLE stock_eu PARTITION OF stock_moves FOR VALUES IN ('nl', 'de');
CREATE TABLE stock_us PARTITION OF stock_moves FOR VALUES IN ('us');
CREATE TABLE stock_other PARTITION OF stock_moves DEFAULT;
INSERT INTO stock_moves SELECT CASE i % 3 WHEN 0 THEN 'nl' WHEN 1 THEN 'us' ELSE 'br' END, i, 1 + i % 400, i FROM generate_series(1, 300) i;
CREATE TABLE stock_jp (region text NOT NULL, id int NOT NULL, product_id bigint, qty int, CHECK (region = 'jp'));
INSERT INTO stock_jp SELECT 'jp', i, 1, i FROM generate_series(1, 100) i;
CREATE TABLE app.sessions (id uuid NOT NULL, customer_id uuid, seen timestamptz) PARTITION BY HASH (id);
CREATE TABLE app.sessions_0 PARTITION OF app.sessions FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.sessions_1 PARTITION OF app.sessions FOR VALUES WITH (MODULUS 4, REMAINDER 1);
INSERT INTO app.sessions_0 SELECT id, id, now() FROM app."Customers" WHERE satisfies_hash_partition('app.sessions'::regclass, 2, 0, id);
CREATE TABLE app.readings (sensor int NOT NULL, taken date NOT NULL, value float8) PARTITION BY RANGE (taken, sensor);
CREATE TABLE app.readings_old PARTITION OF app.readings FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2024-01-01', 0);
CREATE TABLE app.readings_new PARTITION OF app.readings FOR VALUES FROM ('2024-01-01', 0) TO (MAXVALUE, MAXVALUE);
INSERT INTO app.readings SELECT i, '2023-06-01', i FROM generate_series(1, 100) i;
CREATE UNLOGGED TABLE page_hits (path text, hits int, at timestamptz);
INSERT INTO page_hits SELECT '/' || i, i, now() FROM generate_series(1, 100) i;
CREATE TABLE bookings (room int, during tsrange, guest text);
INSERT INTO bookings SELECT i, tsrange('2024-01-01', '2024-01-02'), 'g' FROM generate_series(1, 100) i;
CREATE TABLE rates (id int, valid int4range, EXCLUDE USING gist (valid WITH &&));
INSERT INTO rates SELECT i, int4range(i * 10, i * 10 + 5) FROM generate_series(1, 50) i;
CREATE TABLE app.profiles (
    a int, b int, c text, d text, e int, f int, g int, h int, i int, j int,
    CONSTRAINT a_there CHECK (a IS NOT NULL),
    CONSTRAINT b_there CHECK (NOT (b IS NULL)),
    CONSTRAINT c_there CHECK (c IS NOT NULL AND length(c) > 0),
    CONSTRAINT d_there CHECK (length(d) > 0),
    CONSTRAINT e_there CHECK ((e IS NOT NULL) = true),
    CONSTRAINT fg_there CHECK (f IS NOT NULL AND g IS NOT NULL),
    CONSTRAINT h_there CHECK (h IS DISTINCT FROM NULL),
    CONSTRAINT i_there CHECK (coalesce(i, 0) <> 0),
    CONSTRAINT j_there CHECK (num_nulls(j) = 0)
);
INSERT INTO app.profiles SELECT i, i, 'c', 'd', i, i, i, i, i, i FROM generate_series(1, 100) i;
CREATE TABLE app.todo (a int, b int, c int, customer uuid, product bigint);
INSERT INTO app.todo SELECT i, i, i, '00000000-0000-0000-0000-000000000001', 1 FROM generate_series(1, 100) i;
ALTER TABLE app.todo ADD CONSTRAINT a_there CHECK (a IS NOT NULL) NOT VALID;
ALTER TABLE app.todo ADD CONSTRAINT b_positive CHECK (b > 0) NOT VALID;
ALTER TABLE app.todo ADD CONSTRAINT todo_customer FOREIGN KEY (customer) REFERENCES app."Customers" (id) NOT VALID;
ALTER TABLE app.todo ADD CONSTRAINT todo_product FOREIGN KEY (product) REFERENCES app.products NOT VALID;
CREATE TABLE app.coupons (code text PRIMARY KEY, percent int, customer_id uuid);
CREATE TABLE app.coupon_uses (code text, order_id bigint);
CREATE TABLE app.legacy (id int, x text, y text, "X" int, stamp timestamp(0), day date, amount money, flag boolean, raw bytea, t time, n int NOT NULL);
INSERT INTO app.legacy SELECT i, i::text, 'y', i, '2024-01-01', '2024-01-01', 1, true, '\x01', '10:00', i FROM generate_series(1, 200) i;
CREATE UNIQUE INDEX legacy_id ON app.legacy (id);
CREATE UNIQUE INDEX legacy_n ON app.legacy (n);
CREATE UNIQUE INDEX legacy_some ON app.legacy (id) WHERE flag;
CREATE INDEX legacy_x ON app.legacy (x text_pattern_ops);
CREATE STATISTICS app.legacy_xy (dependencies) ON x, y FROM app.legacy;
ALTER TABLE app.legacy CLUSTER ON legacy_n;
CREATE TABLE "Archive".orders (id bigint, customer_id uuid, note text);
INSERT INTO "Archive".orders SELECT i, NULL, 'old' FROM generate_series(1, 100) i;
CREATE TABLE app.audit (id int, who text DEFAULT current_user, what jsonb);
CREATE RULE keep_audit AS ON DELETE TO app.audit DO INSTEAD NOTHING;
CREATE VIEW app.open_orders AS SELECT id, customer_id, total FROM app.orders WHERE shipped_at IS NULL;
CREATE VIEW app.big_open_orders AS SELECT id, total FROM app.open_orders WHERE total > 100;
CREATE VIEW recent_posts AS SELECT id, title, published_at FROM posts WHERE published_at > '2024-01-01Z';
CREATE MATERIALIZED VIEW app.sales_by_day AS SELECT placed_at::date AS day, sum(total) AS total FROM app.orders GROUP BY 1;
CREATE UNIQUE INDEX sales_day ON app.sales_by_day (day);
CREATE MATERIALIZED VIEW app.top_products AS SELECT product_id, count(*) AS n FROM app.order_lines GROUP BY 1;
CREATE MATERIALIZED VIEW app.not_yet AS SELECT id FROM posts WITH NO DATA;
CREATE PUBLICATION shop FOR TABLE app.coupons;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE app.remote_prices (sku text, price numeric) SERVER nowhere;
-- from 18
CREATE TABLE app.later (a int, b int, CONSTRAINT a_set NOT NULL a NO INHERIT);
-- from 18
ALTER TABLE app.later ADD CONSTRAINT b_set NOT NULL b NOT VALID;
-- from 18
ALTER TABLE app.later ADD CONSTRAINT a_small CHECK (a < 100) NOT ENFORCED;
-- from 18
INSERT INTO app.later VALUES (1, 1), (2, 2);

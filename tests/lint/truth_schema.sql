-- What is there before every statement of truth.sql. A line "-- from N" keeps the next statement for version N and later.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE season AS ENUM ('spring', 'autumn');
CREATE TYPE pair AS (x int, y int);
CREATE DOMAIN dom_plain AS int;
CREATE DOMAIN dom_check AS int CHECK (VALUE >= 0);
CREATE DOMAIN dom_used AS int;
ALTER DOMAIN dom_used ADD CONSTRAINT dom_used_later CHECK (VALUE > -10) NOT VALID;
CREATE SEQUENCE sq;
CREATE FUNCTION f_stable() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION f_volatile() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION f_undeclared() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION f_inlined() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION f_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE parent (id int PRIMARY KEY, code int, name text);
INSERT INTO parent SELECT i, i, 'p' || i FROM generate_series(0, 299) i;
CREATE TABLE t (
    id int PRIMARY KEY,
    a int,
    v varchar(50),
    w varchar,
    b text,
    c char(10),
    n numeric(10,2),
    m numeric,
    si smallint,
    i int,
    o oid,
    d date,
    ts timestamp,
    tz timestamptz,
    ts3 timestamp(3),
    net cidr,
    ip inet,
    bits bit(8),
    vbits varbit(8),
    span interval,
    j json,
    jt text,
    mo mood,
    dp dom_plain,
    r real,
    arr int[],
    u uuid,
    k varchar(50) CHECK (k <> ''),
    se season,
    q int
);
INSERT INTO t (id, a, v, w, b, c, n, m, si, i, o, d, ts, tz, ts3, ip, j, jt, mo, dp, r, arr, k, se, q)
SELECT i, i, 'v' || i, 'w', 'b', 'c', 1.5, 2.25, 3, i, 7, '2024-01-01', '2024-01-01 10:00', '2024-01-01 10:00Z',
    '2024-01-01', '10.0.0.1', '{}', '{}', 'ok', 1, 1.5, '{1}', 'k', 'spring', i FROM generate_series(0, 299) i;
CREATE INDEX t_a_idx ON t (a);
CREATE INDEX t_v_idx ON t (v);
CREATE INDEX t_lower_idx ON t (lower(v));
CREATE STATISTICS st ON a, v FROM t;
CREATE TABLE child (id int PRIMARY KEY, t_id int REFERENCES t (id), note text);
INSERT INTO child SELECT i, i, 'n' FROM generate_series(0, 199) i;
CREATE TABLE small (id int NOT NULL, x int, y int CHECK (y IS NOT NULL));
INSERT INTO small SELECT i, i, i FROM generate_series(0, 99) i;
CREATE UNIQUE INDEX small_id_idx ON small (id);
CREATE UNIQUE INDEX small_x_idx ON small (x);
CREATE UNIQUE INDEX small_y_idx ON small (y);
CREATE TABLE empty (id int NOT NULL, p int);
CREATE TABLE uniq (id int PRIMARY KEY, code int, CONSTRAINT uniq_code UNIQUE (code));
INSERT INTO uniq SELECT i, i FROM generate_series(0, 99) i;
CREATE UNIQUE INDEX uniq_other_idx ON uniq (code);
CREATE TABLE ser (id serial PRIMARY KEY, x int);
CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY, x int NOT NULL);
INSERT INTO ident (x) VALUES (1);
CREATE TABLE gen (id int, g int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO gen VALUES (1), (2);
CREATE UNLOGGED TABLE unl (id int);
INSERT INTO unl VALUES (1), (2);
CREATE TABLE base (id int, x int);
CREATE TABLE kid (extra int) INHERITS (base);
INSERT INTO kid VALUES (1, 1, 1);
CREATE TABLE stray (id int, x int);
CREATE TABLE pt (id int NOT NULL, a int, v varchar(50)) PARTITION BY RANGE (id);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (100);
CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (100) TO (200);
INSERT INTO pt SELECT i, i, 'v' FROM generate_series(0, 199) i;
CREATE TABLE loose (id int NOT NULL, a int, v varchar(50));
INSERT INTO loose SELECT i, i, 'v' FROM generate_series(200, 299) i;
CREATE TABLE loose_check (id int NOT NULL, a int, v varchar(50), CHECK (id IS NOT NULL AND id >= 300 AND id < 400));
INSERT INTO loose_check SELECT i, i, 'v' FROM generate_series(300, 399) i;
CREATE TABLE ptd (id int NOT NULL, a int) PARTITION BY RANGE (id);
CREATE TABLE ptd1 PARTITION OF ptd FOR VALUES FROM (0) TO (100);
CREATE TABLE ptd_def PARTITION OF ptd DEFAULT;
INSERT INTO ptd SELECT i, i FROM generate_series(0, 149) i;
CREATE TABLE lp (id int NOT NULL, a int, CHECK (id >= 200 AND id < 300));
CREATE TABLE pte (id int NOT NULL, a int) PARTITION BY RANGE (id);
CREATE TABLE pte_def PARTITION OF pte (CHECK (NOT (id >= 200 AND id < 300))) DEFAULT;
INSERT INTO pte SELECT i, i FROM generate_series(0, 149) i;
CREATE TABLE lpe (id int NOT NULL, a int, CHECK (id >= 200 AND id < 300));
CREATE TABLE ptf (id int NOT NULL, p int REFERENCES parent (id)) PARTITION BY RANGE (id);
CREATE TABLE ptf1 PARTITION OF ptf FOR VALUES FROM (0) TO (100);
CREATE TABLE loosef (id int NOT NULL, p int, CHECK (id >= 200 AND id < 300));
INSERT INTO loosef SELECT i, i FROM generate_series(200, 299) i;
CREATE TABLE pti (id int NOT NULL, a int) PARTITION BY RANGE (id);
CREATE TABLE pti1 PARTITION OF pti FOR VALUES FROM (0) TO (100);
INSERT INTO pti SELECT i, i FROM generate_series(0, 99) i;
CREATE INDEX pti_a_idx ON ONLY pti (a);
CREATE INDEX pti1_a_idx ON pti1 (a);
CREATE TABLE nn_check (a int, CHECK (a IS NOT NULL));
INSERT INTO nn_check VALUES (1);
CREATE TABLE nn_later (a int);
INSERT INTO nn_later VALUES (1);
ALTER TABLE nn_later ADD CONSTRAINT nn_later_a CHECK (a IS NOT NULL) NOT VALID;
CREATE TABLE nn_positive (a int, CHECK (a > 0));
INSERT INTO nn_positive VALUES (1);
CREATE TABLE nn_both (a int, CHECK (a IS NOT NULL AND a > 0));
INSERT INTO nn_both VALUES (1);
CREATE TABLE nn_either (a int, x int, CHECK (a IS NOT NULL OR x > 0));
INSERT INTO nn_either VALUES (1, 1);
CREATE TABLE nn_other (a int, "A" int, CHECK ("A" IS NOT NULL));
INSERT INTO nn_other VALUES (1, 1);
CREATE TABLE nn_done (a int NOT NULL);
INSERT INTO nn_done VALUES (1);
CREATE TABLE nn_twice (a int, x int, CHECK (a IS NOT NULL), CHECK (x IS NOT NULL));
INSERT INTO nn_twice VALUES (1, 1);
-- from 18
CREATE TABLE nn_named (a int);
-- from 18
INSERT INTO nn_named VALUES (1);
-- from 18
ALTER TABLE nn_named ADD CONSTRAINT nn_named_a NOT NULL a NOT VALID;
CREATE TABLE waiting (x int, p int, extra int);
INSERT INTO waiting SELECT i, i, i FROM generate_series(1, 100) i;
ALTER TABLE waiting ADD CONSTRAINT waiting_x CHECK (x > 0) NOT VALID;
ALTER TABLE waiting ADD CONSTRAINT waiting_p FOREIGN KEY (p) REFERENCES parent (id) NOT VALID;
CREATE TABLE spans (id int, during int4range);
INSERT INTO spans SELECT i, int4range(i, i + 1) FROM generate_series(0, 99) i;
CREATE TABLE lobs (x dom_used, y dom_check, z dom_plain);
INSERT INTO lobs VALUES (1, 1, 1), (2, 2, 2);
CREATE TABLE guarded (id int, owner text);
CREATE POLICY mine ON guarded USING (owner = current_user);
CREATE TABLE watched (id int, x int);
CREATE TRIGGER on_watched BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION f_trigger();
CREATE TABLE ruled (id int, x int);
CREATE RULE quiet AS ON DELETE TO ruled DO INSTEAD NOTHING;
CREATE VIEW v_t AS SELECT q FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT q FROM t;
CREATE UNIQUE INDEX mv_q_idx ON mv (q);
CREATE SCHEMA attic;
CREATE TABLE attic.old (id int PRIMARY KEY, x int);
CREATE TABLE published (id int);
CREATE PUBLICATION pub FOR TABLE published;

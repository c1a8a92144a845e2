-- group: tables
-- case: table added
SELECT 1;
-- change: table @s.t
CREATE TABLE t (a int);

-- case: table dropped
CREATE TABLE t (a int);
-- change: table @s.t
DROP TABLE t;

-- case: table renamed
CREATE TABLE t (a int);
-- change: table @s.t, table @s.u
ALTER TABLE t RENAME TO u;

-- case: table moved to a schema
CREATE TABLE t (a int); CREATE SCHEMA @s_other;
-- change: table @s.t, table @s_other.t
ALTER TABLE t SET SCHEMA @s_other;

-- case: table owned by another
CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t OWNER TO @r1;

-- case: table unlogged
CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t SET UNLOGGED;

-- case: storage parameter set
CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t SET (fillfactor = 70);

-- case: storage parameter changed
CREATE TABLE t (a int) WITH (autovacuum_enabled = false, fillfactor = 70);
-- change: table @s.t
ALTER TABLE t SET (fillfactor = 80);

-- case: storage parameter reset
CREATE TABLE t (a int) WITH (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 70);
-- change: table @s.t
ALTER TABLE t RESET (fillfactor);

-- case: toast parameter set
CREATE TABLE t (a text);
-- change: table @s.t
ALTER TABLE t SET (toast.autovacuum_enabled = false);

-- case: row level security enabled
CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t ENABLE ROW LEVEL SECURITY;

-- case: row level security forced
CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t FORCE ROW LEVEL SECURITY;

-- case: replica identity full
CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t REPLICA IDENTITY FULL;

-- case: replica identity nothing
CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t REPLICA IDENTITY NOTHING;

-- case: replica identity by index
CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX t_a ON t (a);
-- change: index @s.t_a
ALTER TABLE t REPLICA IDENTITY USING INDEX t_a;

-- case: replica identity by constraint
CREATE TABLE t (a int NOT NULL, CONSTRAINT t_u UNIQUE (a));
-- change: constraint @s.t.t_u
ALTER TABLE t REPLICA IDENTITY USING INDEX t_u;

-- case: tablespace
CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t SET TABLESPACE @t;

-- case: table access method
CREATE TABLE t (a int);
-- change: table @s.t
DROP TABLE t; CREATE TABLE t (a int) USING @a;

-- case: typed table
CREATE TYPE c AS (a int, b text); CREATE TABLE t (a int, b text);
-- change: table @s.t
ALTER TABLE t OF c;

-- case: typed table's column default
CREATE TYPE c AS (a int, b text); CREATE TABLE t OF c;
-- change: column @s.t.a
ALTER TABLE t ALTER a SET DEFAULT 4;

-- case: table comment
CREATE TABLE t (a int);
-- change: table @s.t
COMMENT ON TABLE t IS 'it''s a table';

-- case: table comment changed
CREATE TABLE t (a int); COMMENT ON TABLE t IS 'one';
-- change: table @s.t
COMMENT ON TABLE t IS 'two';

-- case: clustered
CREATE TABLE t (a int); CREATE INDEX t_a ON t (a);
-- change: index @s.t_a
ALTER TABLE t CLUSTER ON t_a;

-- case: clustered on the key
CREATE TABLE t (a int PRIMARY KEY);
-- change: constraint @s.t.t_pkey
ALTER TABLE t CLUSTER ON t_pkey;

-- case: same tables in another order
CREATE TABLE t (a int); CREATE TABLE u (a int);
-- same:
DROP TABLE t; DROP TABLE u; CREATE TABLE u (a int); CREATE TABLE t (a int);

-- case: same table after columns came and went
CREATE TABLE t (a int, b text DEFAULT 'x', c int);
-- same:
ALTER TABLE t ADD d int; ALTER TABLE t DROP d;

-- case: rows change nothing
CREATE TABLE t (a serial); CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
-- same:
INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES; ANALYZE t; TRUNCATE t; REFRESH MATERIALIZED VIEW m;

-- case: temporary tables change nothing
SELECT 1;
-- same:
CREATE TEMP TABLE t (a serial PRIMARY KEY); CREATE TEMP VIEW v AS SELECT * FROM t;

-- case: inheritance added
CREATE TABLE p (a int); CREATE TABLE t (a int);
-- change: table @s.t
ALTER TABLE t INHERIT p;

-- case: order of parents
CREATE TABLE p (a int); CREATE TABLE q (a int); CREATE TABLE t () INHERITS (p, q);
-- change: table @s.t
ALTER TABLE t NO INHERIT p; ALTER TABLE t INHERIT p;

-- case: column inherited
CREATE TABLE p (a int); CREATE TABLE t (b int) INHERITS (p);
-- change: column @s.p.c
ALTER TABLE p ADD c int;

-- case: inherited column made local too
CREATE TABLE p (a int, b int); CREATE TABLE t (c int) INHERITS (p);
-- change: column @s.t.a
DROP TABLE t; CREATE TABLE t (a int, c int) INHERITS (p);

-- case: order of columns in a child follows the parent
CREATE TABLE p (a int); CREATE TABLE t (c int) INHERITS (p); ALTER TABLE p ADD b int;
-- same:
DROP TABLE t; CREATE TABLE t (c int) INHERITS (p);

-- case: default of an inherited column
CREATE TABLE p (a int DEFAULT 1); CREATE TABLE t (c int) INHERITS (p);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET DEFAULT 2;

-- case: default of an inherited column dropped
CREATE TABLE p (a int DEFAULT 1); CREATE TABLE t (c int) INHERITS (p);
-- change: column @s.t.a
ALTER TABLE t ALTER a DROP DEFAULT;

-- case: not null of an inherited column
CREATE TABLE p (a int); CREATE TABLE t (c int) INHERITS (p);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET NOT NULL;

-- case: not null from the parent
CREATE TABLE p (a int); CREATE TABLE t (c int) INHERITS (p);
-- change: column @s.p.a
ALTER TABLE p ALTER a SET NOT NULL;

-- case: check from the parent
CREATE TABLE p (a int); CREATE TABLE t (c int) INHERITS (p);
-- change: constraint @s.p.k
ALTER TABLE p ADD CONSTRAINT k CHECK (a > 0);

-- case: check not inherited
CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE t (c int) INHERITS (p);
-- change: constraint @s.p.k
ALTER TABLE p DROP CONSTRAINT k; ALTER TABLE p ADD CONSTRAINT k CHECK (a > 0) NO INHERIT;

-- group: columns
-- case: column added
CREATE TABLE t (a int);
-- change: column @s.t.b
ALTER TABLE t ADD b int;

-- case: column dropped
CREATE TABLE t (a int, b int, c int);
-- change: column @s.t.b
ALTER TABLE t DROP b;

-- case: column renamed
CREATE TABLE t (a int, "Old" int);
-- change: column @s.t."Old", column @s.t.b
ALTER TABLE t RENAME "Old" TO b;

-- case: order of columns
CREATE TABLE t (a int, b int);
-- change: column @s.t.a
ALTER TABLE t DROP a; ALTER TABLE t ADD a int;

-- case: type changed
CREATE TABLE t (a int);
-- change: column @s.t.a
ALTER TABLE t ALTER a TYPE bigint;

-- case: type modifier changed
CREATE TABLE t (a varchar(10));
-- change: column @s.t.a
ALTER TABLE t ALTER a TYPE varchar(20);

-- case: precision changed
CREATE TABLE t (a numeric(10, 2));
-- change: column @s.t.a
ALTER TABLE t ALTER a TYPE numeric(10, 3);

-- case: interval's fields changed
CREATE TABLE t (a interval);
-- change: column @s.t.a
ALTER TABLE t ALTER a TYPE interval day to second(3);

-- case: collation changed
CREATE TABLE t (a text);
-- change: column @s.t.a
ALTER TABLE t ALTER a TYPE text COLLATE "C";

-- case: default set
CREATE TABLE t (a int);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET DEFAULT 4;

-- case: default changed
CREATE TABLE t (a timestamptz DEFAULT now());
-- change: column @s.t.a
ALTER TABLE t ALTER a SET DEFAULT clock_timestamp();

-- case: default dropped
CREATE TABLE t (a text DEFAULT 'x');
-- change: column @s.t.a
ALTER TABLE t ALTER a DROP DEFAULT;

-- case: default null is none
CREATE TABLE t (a text);
-- same:
ALTER TABLE t ALTER a SET DEFAULT NULL;

-- case: not null set
CREATE TABLE t (a int);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET NOT NULL;

-- case: not null dropped
CREATE TABLE t (a int NOT NULL);
-- change: column @s.t.a
ALTER TABLE t ALTER a DROP NOT NULL;

-- case: not null named
-- since: 18
CREATE TABLE t (a int NOT NULL);
-- change: column @s.t.a
ALTER TABLE t RENAME CONSTRAINT t_a_not_null TO must;

-- case: not null not valid
-- since: 18
CREATE TABLE t (a int NOT NULL);
-- change: column @s.t.a
ALTER TABLE t ALTER a DROP NOT NULL; ALTER TABLE t ADD CONSTRAINT t_a_not_null NOT NULL a NOT VALID;

-- case: not null not inherited
-- since: 18
CREATE TABLE t (a int NOT NULL);
-- change: column @s.t.a
ALTER TABLE t ALTER a DROP NOT NULL; ALTER TABLE t ADD CONSTRAINT t_a_not_null NOT NULL a NO INHERIT;

-- case: not null commented
-- since: 18
CREATE TABLE t (a int NOT NULL);
-- change: column @s.t.a
COMMENT ON CONSTRAINT t_a_not_null ON t IS 'must';

-- case: identity added
CREATE TABLE t (a int NOT NULL);
-- change: column @s.t.a
ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY;

-- case: identity kind
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET GENERATED BY DEFAULT;

-- case: identity dropped
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- change: column @s.t.a
ALTER TABLE t ALTER a DROP IDENTITY;

-- case: identity start and increment
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET START WITH 100 SET INCREMENT BY 10;

-- case: identity bounds, cache and cycle
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET MAXVALUE 1000 SET CACHE 5 SET CYCLE;

-- case: identity sequence renamed
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- change: column @s.t.a
ALTER SEQUENCE t_a_seq RENAME TO other;

-- case: identity sequence granted
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- change: sequence @s.t_a_seq
GRANT USAGE ON SEQUENCE t_a_seq TO @r1;

-- case: identity sequence commented
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- change: sequence @s.t_a_seq
COMMENT ON SEQUENCE t_a_seq IS 'counts';

-- case: identity sequence unlogged alone
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- change: column @s.t.a
ALTER SEQUENCE t_a_seq SET UNLOGGED;

-- case: identity same when moved on
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);
-- same:
ALTER TABLE t ALTER a RESTART WITH 50;

-- case: generated column
CREATE TABLE t (a int, b int);
-- change: column @s.t.b
ALTER TABLE t DROP b; ALTER TABLE t ADD b int GENERATED ALWAYS AS (a * 2) STORED;

-- case: generated expression dropped
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
-- change: column @s.t.b
ALTER TABLE t ALTER b DROP EXPRESSION;

-- case: generated expression changed
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
-- change: column @s.t.b
ALTER TABLE t DROP b; ALTER TABLE t ADD b int GENERATED ALWAYS AS (a * 3) STORED;

-- case: generated virtual
-- since: 18
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
-- change: column @s.t.b
ALTER TABLE t DROP b; ALTER TABLE t ADD b int GENERATED ALWAYS AS (a * 2) VIRTUAL;

-- case: storage
CREATE TABLE t (a text);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET STORAGE EXTERNAL;

-- case: storage back to its default
CREATE TABLE t (a text); ALTER TABLE t ALTER a SET STORAGE MAIN;
-- change: column @s.t.a
ALTER TABLE t ALTER a SET STORAGE EXTENDED;

-- case: compression
CREATE TABLE t (a text);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET COMPRESSION pglz;

-- case: statistics target
CREATE TABLE t (a text);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET STATISTICS 500;

-- case: statistics target zero
CREATE TABLE t (a text);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET STATISTICS 0;

-- case: column options
CREATE TABLE t (a text);
-- change: column @s.t.a
ALTER TABLE t ALTER a SET (n_distinct = -0.5, n_distinct_inherited = 100);

-- case: column comment
CREATE TABLE t (a text);
-- change: column @s.t.a
COMMENT ON COLUMN t.a IS 'first';

-- case: column granted
CREATE TABLE t (a text, b text);
-- change: column @s.t.b
GRANT SELECT (b), UPDATE (b) ON t TO @r1;

-- case: array column
CREATE TABLE t (a text);
-- change: column @s.t.a
ALTER TABLE t ALTER a TYPE text[] USING ARRAY[a];

-- case: same default in another spelling
CREATE TABLE t (a text DEFAULT 'x', b int DEFAULT 1 + 2);
-- same:
ALTER TABLE t ALTER a SET DEFAULT ('x'::text); ALTER TABLE t ALTER b SET DEFAULT (1 + 2);

-- case: same default set with another search_path
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (a int DEFAULT f());
-- same:
SET search_path TO pg_catalog; ALTER TABLE @s.t ALTER a SET DEFAULT @s.f();

-- group: constraints
-- case: primary key added
CREATE TABLE t (a int NOT NULL);
-- change: constraint @s.t.t_pkey
ALTER TABLE t ADD PRIMARY KEY (a);

-- case: primary key of other columns
CREATE TABLE t (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a));
-- change: constraint @s.t.t_pkey
ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (a, b);

-- case: constraint renamed
CREATE TABLE t (a int PRIMARY KEY);
-- change: constraint @s.t.t_pkey, constraint @s.t."Key"
ALTER TABLE t RENAME CONSTRAINT t_pkey TO "Key";

-- case: unique added
CREATE TABLE t (a int);
-- change: constraint @s.t.t_a_key
ALTER TABLE t ADD UNIQUE (a);

-- case: unique from an index
CREATE TABLE t (a int); CREATE UNIQUE INDEX u ON t (a);
-- change: constraint @s.t.u, index @s.u
ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u;

-- case: unique deferrable
CREATE TABLE t (a int, CONSTRAINT u UNIQUE (a));
-- change: constraint @s.t.u
ALTER TABLE t DROP CONSTRAINT u; ALTER TABLE t ADD CONSTRAINT u UNIQUE (a) DEFERRABLE INITIALLY DEFERRED;

-- case: unique nulls not distinct
CREATE TABLE t (a int, CONSTRAINT u UNIQUE (a));
-- change: constraint @s.t.u
ALTER TABLE t DROP CONSTRAINT u; ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a);

-- case: unique include
CREATE TABLE t (a int, b int, CONSTRAINT u UNIQUE (a));
-- change: constraint @s.t.u
ALTER TABLE t DROP CONSTRAINT u; ALTER TABLE t ADD CONSTRAINT u UNIQUE (a) INCLUDE (b);

-- case: constraint's index fillfactor
CREATE TABLE t (a int, CONSTRAINT u UNIQUE (a));
-- change: constraint @s.t.u
ALTER INDEX u SET (fillfactor = 50);

-- case: constraint's index in a tablespace
CREATE TABLE t (a int, CONSTRAINT u UNIQUE (a));
-- change: constraint @s.t.u
ALTER INDEX u SET TABLESPACE @t;

-- case: constraint's index commented
CREATE TABLE t (a int, CONSTRAINT u UNIQUE (a));
-- change: constraint @s.t.u
COMMENT ON INDEX u IS 'an index';

-- case: check added
CREATE TABLE t (a int);
-- change: constraint @s.t.k
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);

-- case: check changed
CREATE TABLE t (a int, CONSTRAINT k CHECK (a > 0));
-- change: constraint @s.t.k
ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (a > 1);

-- case: check validated
CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;
-- change: constraint @s.t.k
ALTER TABLE t VALIDATE CONSTRAINT k;

-- case: check not enforced
-- since: 18
CREATE TABLE t (a int, CONSTRAINT k CHECK (a > 0));
-- change: constraint @s.t.k
ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED;

-- case: constraint commented
CREATE TABLE t (a int, CONSTRAINT k CHECK (a > 0));
-- change: constraint @s.t.k
COMMENT ON CONSTRAINT k ON t IS 'positive';

-- case: foreign key added
CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int);
-- change: constraint @s.t.t_a_fkey
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r;

-- case: foreign key action
CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int, CONSTRAINT k FOREIGN KEY (a) REFERENCES r);
-- change: constraint @s.t.k
ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r ON DELETE CASCADE;

-- case: foreign key sets some columns null
CREATE TABLE r (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE t (a int, b int, CONSTRAINT k FOREIGN KEY (a, b) REFERENCES r);
-- change: constraint @s.t.k
ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a, b) REFERENCES r ON DELETE SET NULL (b);

-- case: foreign key deferrable
CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int, CONSTRAINT k FOREIGN KEY (a) REFERENCES r);
-- change: constraint @s.t.k
ALTER TABLE t ALTER CONSTRAINT k DEFERRABLE;

-- case: foreign key initially deferred
CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int, CONSTRAINT k FOREIGN KEY (a) REFERENCES r DEFERRABLE);
-- change: constraint @s.t.k
ALTER TABLE t ALTER CONSTRAINT k INITIALLY DEFERRED;

-- case: foreign key validated
CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r NOT VALID;
-- change: constraint @s.t.k
ALTER TABLE t VALIDATE CONSTRAINT k;

-- case: foreign key not enforced
-- since: 18
CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int, CONSTRAINT k FOREIGN KEY (a) REFERENCES r);
-- change: constraint @s.t.k
ALTER TABLE t ALTER CONSTRAINT k NOT ENFORCED;

-- case: exclusion constraint
CREATE TABLE t (a int4range, CONSTRAINT k EXCLUDE USING gist (a WITH &&));
-- change: constraint @s.t.k
ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k EXCLUDE USING gist (a WITH =);

-- case: temporal key
-- since: 18
CREATE TABLE t (a int4range, b daterange, CONSTRAINT k UNIQUE (a, b));
-- change: constraint @s.t.k
ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k UNIQUE (a, b WITHOUT OVERLAPS);

-- case: domain constraint
CREATE DOMAIN d AS int;
-- change: constraint @s.d.k
ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0);

-- case: domain constraint validated
CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0) NOT VALID;
-- change: constraint @s.d.k
ALTER DOMAIN d VALIDATE CONSTRAINT k;

-- case: domain constraint commented
CREATE DOMAIN d AS int CONSTRAINT k CHECK (VALUE > 0);
-- change: constraint @s.d.k
COMMENT ON CONSTRAINT k ON DOMAIN d IS 'positive';

-- case: same constraints in another order
CREATE TABLE t (a int, CONSTRAINT j CHECK (a > 0), CONSTRAINT k CHECK (a > 1));
-- same:
ALTER TABLE t DROP CONSTRAINT j; ALTER TABLE t ADD CONSTRAINT j CHECK (a > 0);

-- case: same key by an index
CREATE TABLE t (a int NOT NULL, CONSTRAINT k PRIMARY KEY (a));
-- same:
ALTER TABLE t DROP CONSTRAINT k; CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX i;

-- group: indexes
-- case: index added
CREATE TABLE t (a int);
-- change: index @s.i
CREATE INDEX i ON t (a);

-- case: index dropped
CREATE TABLE t (a int); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i;

-- case: index unique
CREATE TABLE t (a int); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE UNIQUE INDEX i ON t (a);

-- case: index order
CREATE TABLE t (a int); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE INDEX i ON t (a DESC NULLS LAST);

-- case: index method
CREATE TABLE t (a int); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE INDEX i ON t USING hash (a);

-- case: index expression
CREATE TABLE t (a text); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE INDEX i ON t (lower(a));

-- case: index predicate
CREATE TABLE t (a int); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE INDEX i ON t (a) WHERE a > 0;

-- case: index opclass
CREATE TABLE t (a text); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE INDEX i ON t (a text_pattern_ops);

-- case: index collation
CREATE TABLE t (a text); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE INDEX i ON t (a COLLATE "C");

-- case: index include
CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE INDEX i ON t (a) INCLUDE (b);

-- case: index option
CREATE TABLE t (a int); CREATE INDEX i ON t (a);
-- change: index @s.i
ALTER INDEX i SET (fillfactor = 60);

-- case: index tablespace
CREATE TABLE t (a int); CREATE INDEX i ON t (a);
-- change: index @s.i
ALTER INDEX i SET TABLESPACE @t;

-- case: index statistics
CREATE TABLE t (a text); CREATE INDEX i ON t (a, lower(a));
-- change: index @s.i
ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 700;

-- case: index commented
CREATE TABLE t (a text); CREATE INDEX i ON t (a);
-- change: index @s.i
COMMENT ON INDEX i IS 'quick';

-- case: index renamed
CREATE TABLE t (a text); CREATE INDEX i ON t (a);
-- change: index @s.i, index @s.j
ALTER INDEX i RENAME TO j;

-- case: index nulls not distinct
CREATE TABLE t (a text); CREATE UNIQUE INDEX i ON t (a);
-- change: index @s.i
DROP INDEX i; CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT;

-- case: index rebuilt
CREATE TABLE t (a text); CREATE INDEX i ON t (a);
-- same:
REINDEX INDEX i;

-- case: statistics object
CREATE TABLE t (a int, b int);
-- change: statistics @s.st
CREATE STATISTICS st (ndistinct) ON a, b FROM t;

-- case: statistics object's kinds
CREATE TABLE t (a int, b int); CREATE STATISTICS st (ndistinct) ON a, b FROM t;
-- change: statistics @s.st
DROP STATISTICS st; CREATE STATISTICS st (ndistinct, mcv) ON a, b FROM t;

-- case: statistics object's target
CREATE TABLE t (a int, b int); CREATE STATISTICS st ON a, b FROM t;
-- change: statistics @s.st
ALTER STATISTICS st SET STATISTICS 200;

-- case: statistics object on an expression
CREATE TABLE t (a int, b int); CREATE STATISTICS st ON (a + b) FROM t;
-- change: statistics @s.st
COMMENT ON STATISTICS st IS 'sum';

-- case: statistics object's owner
CREATE TABLE t (a int, b int); CREATE STATISTICS st ON a, b FROM t;
-- change: statistics @s.st
ALTER STATISTICS st OWNER TO @r1;

-- case: partitioned table
CREATE TABLE t (a int);
-- change: table @s.t
DROP TABLE t; CREATE TABLE t (a int) PARTITION BY RANGE (a);

-- case: partition key
CREATE TABLE t (a int) PARTITION BY RANGE (a);
-- change: table @s.t
DROP TABLE t; CREATE TABLE t (a int) PARTITION BY LIST (a);

-- case: partition added
CREATE TABLE t (a int) PARTITION BY RANGE (a);
-- change: table @s.t1
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (10);

-- case: partition's bounds
CREATE TABLE t (a int) PARTITION BY RANGE (a); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (10);
-- change: table @s.t1
ALTER TABLE t DETACH PARTITION t1; ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (1) TO (20);

-- case: partition detached
CREATE TABLE t (a int) PARTITION BY RANGE (a); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (10);
-- change: table @s.t1
ALTER TABLE t DETACH PARTITION t1;

-- case: default partition
CREATE TABLE t (a int) PARTITION BY LIST (a);
-- change: table @s.t1
CREATE TABLE t1 PARTITION OF t DEFAULT;

-- case: partition attached or made is the same
CREATE TABLE t (a int, b text) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- same:
DROP TABLE t1; CREATE TABLE t1 (a int, b text); ALTER TABLE t ATTACH PARTITION t1 DEFAULT;

-- case: column of a partitioned table
CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: column @s.t.b, column @s.t1.b
ALTER TABLE t ADD b int DEFAULT 5;

-- case: order of columns in a partition
CREATE TABLE t (a int, b int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: column @s.t1.a, column @s.t1.b
DROP TABLE t1; CREATE TABLE t1 (b int, a int); ALTER TABLE t ATTACH PARTITION t1 DEFAULT;

-- case: index of a partitioned table
CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: index @s.i, index @s.t1_a_idx
CREATE INDEX i ON t (a);

-- case: index attached
CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
CREATE INDEX i ON ONLY t (a); CREATE INDEX i1 ON t1 (a);
-- change: index @s.i1
ALTER INDEX i ATTACH PARTITION i1;

-- case: key of a partitioned table
CREATE TABLE t (a int NOT NULL) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: constraint @s.t.t_pkey, constraint @s.t1.t1_pkey
ALTER TABLE t ADD PRIMARY KEY (a);

-- case: foreign key of a partitioned table
CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: constraint @s.t.t_a_fkey
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r;

-- case: foreign key to a partitioned table
CREATE TABLE r (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE r1 PARTITION OF r DEFAULT; CREATE TABLE t (a int);
-- change: constraint @s.t.t_a_fkey
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r;

-- case: check of a partition
CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: constraint @s.t1.k
ALTER TABLE t1 ADD CONSTRAINT k CHECK (a > 0);

-- case: default of a partition
CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: column @s.t1.a
ALTER TABLE t1 ALTER a SET DEFAULT 7;

-- case: not null of a partition
CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: column @s.t1.a
ALTER TABLE t1 ALTER a SET NOT NULL;

-- case: trigger of a partitioned table
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
-- change: trigger @s.t.g
CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();

-- case: trigger disabled in a partition
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- change: trigger @s.t1.g
ALTER TABLE t1 DISABLE TRIGGER g;

-- group: views
-- case: view added
CREATE TABLE t (a int, b text);
-- change: view @s.v
CREATE VIEW v AS SELECT a FROM t;

-- case: view changed
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: view @s.v
CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a > 0;

-- case: view's column added
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: view @s.v, column @s.v.b
CREATE OR REPLACE VIEW v AS SELECT a, b FROM t;

-- case: view's column renamed
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: column @s.v.a, column @s.v.z, view @s.v
ALTER VIEW v RENAME COLUMN a TO z;

-- case: view's column default
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: column @s.v.a
ALTER VIEW v ALTER a SET DEFAULT 3;

-- case: view's column comment
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: column @s.v.a
COMMENT ON COLUMN v.a IS 'of a view';

-- case: view with check option
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: view @s.v
CREATE OR REPLACE VIEW v AS SELECT a FROM t WITH LOCAL CHECK OPTION;

-- case: view security barrier
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: view @s.v
ALTER VIEW v SET (security_barrier = true);

-- case: view security invoker
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: view @s.v
ALTER VIEW v SET (security_invoker = true);

-- case: view owner
CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT a FROM t;
-- change: view @s.v
ALTER VIEW v OWNER TO @r1;

-- case: view comment
CREATE VIEW v AS SELECT 1 AS a;
-- change: view @s.v
COMMENT ON VIEW v IS 'see';

-- case: view granted
CREATE VIEW v AS SELECT 1 AS a;
-- change: view @s.v
GRANT SELECT ON v TO PUBLIC;

-- case: recursive view
CREATE VIEW v AS SELECT 1 AS n;
-- change: view @s.v
CREATE OR REPLACE RECURSIVE VIEW v (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM v WHERE n < 5;

-- case: view made again with another search_path
CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;
-- same:
SET search_path TO pg_catalog; DROP VIEW @s.v; CREATE VIEW @s.v AS SELECT a FROM @s.t;

-- case: view follows a renamed column
CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;
-- change: view @s.v, column @s.t.a, column @s.t.b
ALTER TABLE t RENAME a TO b;

-- case: materialized view added
CREATE TABLE t (a int);
-- change: materialized view @s.m
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;

-- case: materialized view option
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
-- change: materialized view @s.m
ALTER MATERIALIZED VIEW m SET (fillfactor = 50);

-- case: materialized view tablespace
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
-- change: materialized view @s.m
ALTER MATERIALIZED VIEW m SET TABLESPACE @t;

-- case: materialized view access method
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
-- change: materialized view @s.m
ALTER MATERIALIZED VIEW m SET ACCESS METHOD @a;

-- case: materialized view index
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
-- change: index @s.i
CREATE INDEX i ON m (a);

-- case: materialized view column statistics
CREATE MATERIALIZED VIEW m AS SELECT 'x'::text AS a;
-- change: column @s.m.a
ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 100, ALTER a SET STORAGE EXTERNAL;

-- case: materialized view comment
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
-- change: materialized view @s.m
COMMENT ON MATERIALIZED VIEW m IS 'kept';

-- case: rule added
CREATE TABLE t (a int);
-- change: rule @s.t.r
CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;

-- case: rule changed
CREATE TABLE t (a int); CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;
-- change: rule @s.t.r
CREATE OR REPLACE RULE r AS ON DELETE TO t WHERE old.a > 1 DO INSTEAD NOTHING;

-- case: rule disabled
CREATE TABLE t (a int); CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;
-- change: rule @s.t.r
ALTER TABLE t DISABLE RULE r;

-- case: rule replica
CREATE TABLE t (a int); CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;
-- change: rule @s.t.r
ALTER TABLE t ENABLE REPLICA RULE r;

-- case: rule commented
CREATE VIEW v AS SELECT 1 AS a; CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING;
-- change: rule @s.v.r
COMMENT ON RULE r ON v IS 'no';

-- case: policy added
CREATE TABLE t (a int);
-- change: policy @s.t.p
CREATE POLICY p ON t USING (a > 0);

-- case: policy changed
CREATE TABLE t (a int); CREATE POLICY p ON t USING (a > 0) WITH CHECK (a > 0);
-- change: policy @s.t.p
ALTER POLICY p ON t WITH CHECK (a > 1);

-- case: policy roles
CREATE TABLE t (a int); CREATE POLICY p ON t USING (a > 0);
-- change: policy @s.t.p
ALTER POLICY p ON t TO @r1, @r2;

-- case: policy restrictive
CREATE TABLE t (a int); CREATE POLICY p ON t FOR UPDATE USING (a > 0);
-- change: policy @s.t.p
DROP POLICY p ON t; CREATE POLICY p ON t AS RESTRICTIVE FOR UPDATE USING (a > 0);

-- case: policy command
CREATE TABLE t (a int); CREATE POLICY p ON t FOR UPDATE USING (a > 0);
-- change: policy @s.t.p
DROP POLICY p ON t; CREATE POLICY p ON t FOR DELETE USING (a > 0);

-- case: policy commented
CREATE TABLE t (a int); CREATE POLICY p ON t USING (a > 0);
-- change: policy @s.t.p
COMMENT ON POLICY p ON t IS 'mine';

-- group: routines
-- case: function added
SELECT 1;
-- change: function @s.f(integer, text)
CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 1';

-- case: function body
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 2';

-- case: function default
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
CREATE OR REPLACE FUNCTION f(a int DEFAULT 5) RETURNS int LANGUAGE sql AS 'SELECT 1';

-- case: function overloaded
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(text)
CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1';

-- case: function volatility
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
ALTER FUNCTION f(int) IMMUTABLE;

-- case: function strict
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
ALTER FUNCTION f(int) STRICT;

-- case: function security definer
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
ALTER FUNCTION f(int) SECURITY DEFINER;

-- case: function leakproof
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
ALTER FUNCTION f(int) LEAKPROOF;

-- case: function cost and rows
CREATE FUNCTION f(a int) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
ALTER FUNCTION f(int) COST 50 ROWS 5;

-- case: function parallel
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
ALTER FUNCTION f(int) PARALLEL SAFE;

-- case: function settings
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
ALTER FUNCTION f(int) SET search_path TO @s, pg_temp;

-- case: function owner
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
ALTER FUNCTION f(int) OWNER TO @r1;

-- case: function revoked
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
REVOKE ALL ON FUNCTION f(int) FROM PUBLIC;

-- case: function commented
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f(integer)
COMMENT ON FUNCTION f(int) IS 'one';

-- case: function returns table
CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql AS 'SELECT 1';
-- change: function @s.f()
DROP FUNCTION f(); CREATE FUNCTION f() RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1';

-- case: function with a standard body
CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM t; END;
-- change: function @s.f()
CREATE OR REPLACE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(a) FROM t; END;

-- case: window function
CREATE FUNCTION f() RETURNS bigint LANGUAGE internal AS 'window_row_number';
-- change: function @s.f()
DROP FUNCTION f(); CREATE FUNCTION f() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';

-- case: function made again
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- same:
DROP FUNCTION f(int); CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';

-- case: procedure added
SELECT 1;
-- change: procedure @s.p(integer)
CREATE PROCEDURE p(a int) LANGUAGE plpgsql AS 'BEGIN NULL; END';

-- case: procedure body
CREATE PROCEDURE p(a int) LANGUAGE plpgsql AS 'BEGIN NULL; END';
-- change: procedure @s.p(integer)
CREATE OR REPLACE PROCEDURE p(a int) LANGUAGE plpgsql AS 'BEGIN RETURN; END';

-- case: procedure commented
CREATE PROCEDURE p(a int) LANGUAGE plpgsql AS 'BEGIN NULL; END';
-- change: procedure @s.p(integer)
COMMENT ON PROCEDURE p(int) IS 'nothing';

-- case: aggregate added
SELECT 1;
-- change: aggregate @s.ag(integer)
CREATE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int);

-- case: aggregate initial value
CREATE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int);
-- change: aggregate @s.ag(integer)
CREATE OR REPLACE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');

-- case: aggregate parallel
CREATE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int);
-- change: aggregate @s.ag(integer)
CREATE OR REPLACE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int, COMBINEFUNC = int4pl, PARALLEL = SAFE);

-- case: aggregate moving
CREATE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int);
-- change: aggregate @s.ag(integer)
CREATE OR REPLACE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int);

-- case: aggregate ordered set
CREATE AGGREGATE ag(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
-- change: aggregate @s.ag(double precision, anyelement)
COMMENT ON AGGREGATE ag(float8 ORDER BY anyelement) IS 'a percentile';

-- case: aggregate sort operator
CREATE AGGREGATE ag(int) (SFUNC = int4larger, STYPE = int);
-- change: aggregate @s.ag(integer)
CREATE OR REPLACE AGGREGATE ag(int) (SFUNC = int4larger, STYPE = int, SORTOP = >);

-- case: trigger added
CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
-- change: trigger @s.t.g
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();

-- case: trigger changed
CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- change: trigger @s.t.g
CREATE OR REPLACE TRIGGER g BEFORE INSERT OR UPDATE OF a ON t FOR EACH ROW WHEN (new.a > 0) EXECUTE FUNCTION f();

-- case: trigger disabled
CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- change: trigger @s.t.g
ALTER TABLE t DISABLE TRIGGER g;

-- case: trigger always
CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- change: trigger @s.t.g
ALTER TABLE t ENABLE ALWAYS TRIGGER g;

-- case: trigger with transition tables
CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER g AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f();
-- change: trigger @s.t.g
CREATE OR REPLACE TRIGGER g AFTER INSERT ON t REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION f('x');

-- case: constraint trigger
CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
-- change: trigger @s.t.g
CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();

-- case: trigger commented
CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- change: trigger @s.t.g
COMMENT ON TRIGGER g ON t IS 'bang';

-- case: trigger of a view
CREATE VIEW v AS SELECT 1 AS a; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
-- change: trigger @s.v.g
CREATE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();

-- case: event trigger added
CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
-- change: event trigger e_@s
CREATE EVENT TRIGGER e_@s ON ddl_command_end WHEN TAG IN ('CREATE OPERATOR', 'ALTER OPERATOR') EXECUTE FUNCTION f();

-- case: event trigger disabled
CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE EVENT TRIGGER e_@s ON sql_drop EXECUTE FUNCTION f();
-- change: event trigger e_@s
ALTER EVENT TRIGGER e_@s DISABLE;

-- case: event trigger commented
CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE EVENT TRIGGER e_@s ON sql_drop EXECUTE FUNCTION f();
-- change: event trigger e_@s
COMMENT ON EVENT TRIGGER e_@s IS 'watch';

-- group: types
-- case: enum added
SELECT 1;
-- change: enum @s.e
CREATE TYPE e AS ENUM ('a', 'b');

-- case: enum label added
CREATE TYPE e AS ENUM ('a', 'b');
-- change: enum @s.e
ALTER TYPE e ADD VALUE 'it''s' BEFORE 'b';

-- case: enum label renamed
CREATE TYPE e AS ENUM ('a', 'b');
-- change: enum @s.e
ALTER TYPE e RENAME VALUE 'a' TO 'c';

-- case: enum order
CREATE TYPE e AS ENUM ('a', 'b');
-- change: enum @s.e
DROP TYPE e; CREATE TYPE e AS ENUM ('b', 'a');

-- case: enum order however it came
CREATE TYPE e AS ENUM ('a', 'c'); ALTER TYPE e ADD VALUE 'b' AFTER 'a';
-- same:
DROP TYPE e; CREATE TYPE e AS ENUM ('a', 'b', 'c');

-- case: enum without labels
CREATE TYPE e AS ENUM ('a');
-- change: enum @s.e
DROP TYPE e; CREATE TYPE e AS ENUM ();

-- case: enum owner
CREATE TYPE e AS ENUM ('a', 'b');
-- change: enum @s.e
ALTER TYPE e OWNER TO @r1;

-- case: enum commented
CREATE TYPE e AS ENUM ('a', 'b');
-- change: enum @s.e
COMMENT ON TYPE e IS 'mood';

-- case: enum granted
CREATE TYPE e AS ENUM ('a', 'b');
-- change: enum @s.e
REVOKE ALL ON TYPE e FROM PUBLIC; GRANT USAGE ON TYPE e TO @r1 WITH GRANT OPTION;

-- case: enum renamed under a column
CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (a e DEFAULT 'a', b e[]);
-- change: enum @s.e, enum @s.f, column @s.t.a, column @s.t.b
ALTER TYPE e RENAME TO f;

-- case: domain added
SELECT 1;
-- change: domain @s.d
CREATE DOMAIN d AS varchar(10) COLLATE "C" DEFAULT 'x' NOT NULL;

-- case: domain default
CREATE DOMAIN d AS text;
-- change: domain @s.d
ALTER DOMAIN d SET DEFAULT 'y';

-- case: domain not null
CREATE DOMAIN d AS text;
-- change: domain @s.d
ALTER DOMAIN d SET NOT NULL;

-- case: domain base type
CREATE DOMAIN d AS numeric(10, 2);
-- change: domain @s.d
DROP DOMAIN d; CREATE DOMAIN d AS numeric(10, 3);

-- case: domain collation
CREATE DOMAIN d AS text;
-- change: domain @s.d
DROP DOMAIN d; CREATE DOMAIN d AS text COLLATE "C";

-- case: domain commented
CREATE DOMAIN d AS text;
-- change: domain @s.d
COMMENT ON DOMAIN d IS 'words';

-- case: domain granted
CREATE DOMAIN d AS text;
-- change: domain @s.d
REVOKE USAGE ON DOMAIN d FROM PUBLIC;

-- case: composite added
SELECT 1;
-- change: type @s.c, attribute @s.c.a
CREATE TYPE c AS (a int);

-- case: composite attribute added
CREATE TYPE c AS (a int);
-- change: attribute @s.c.b
ALTER TYPE c ADD ATTRIBUTE b text COLLATE "C";

-- case: composite attribute type
CREATE TYPE c AS (a int);
-- change: attribute @s.c.a
ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint;

-- case: composite attribute dropped
CREATE TYPE c AS (a int, b int, d int);
-- change: attribute @s.c.b
ALTER TYPE c DROP ATTRIBUTE b;

-- case: composite commented
CREATE TYPE c AS (a int);
-- change: type @s.c
COMMENT ON TYPE c IS 'pair';

-- case: composite attribute commented
CREATE TYPE c AS (a int);
-- change: attribute @s.c.a
COMMENT ON COLUMN c.a IS 'half';

-- case: empty composite
SELECT 1;
-- change: type @s.c
CREATE TYPE c AS ();

-- case: range added
SELECT 1;
-- change: range @s.r
CREATE TYPE r AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);

-- case: range subtype
CREATE TYPE r AS RANGE (SUBTYPE = float8);
-- change: range @s.r
DROP TYPE r; CREATE TYPE r AS RANGE (SUBTYPE = float4);

-- case: range diff
CREATE TYPE r AS RANGE (SUBTYPE = float8);
-- change: range @s.r
DROP TYPE r; CREATE TYPE r AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);

-- case: range collation
CREATE TYPE r AS RANGE (SUBTYPE = text);
-- change: range @s.r
DROP TYPE r; CREATE TYPE r AS RANGE (SUBTYPE = text, COLLATION = "C");

-- case: range opclass
CREATE TYPE r AS RANGE (SUBTYPE = text);
-- change: range @s.r
DROP TYPE r; CREATE TYPE r AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops);

-- case: multirange name
CREATE TYPE r AS RANGE (SUBTYPE = float8);
-- change: range @s.r
DROP TYPE r; CREATE TYPE r AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = rr);

-- case: base type
SELECT 1;
-- change: type @s.b
CREATE TYPE b;
CREATE FUNCTION b_in(cstring) RETURNS b IMMUTABLE STRICT LANGUAGE internal AS 'textin';
CREATE FUNCTION b_out(b) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';
CREATE TYPE b (INPUT = b_in, OUTPUT = b_out, LIKE = text);

-- case: base type's properties
CREATE TYPE b;
CREATE FUNCTION b_in(cstring) RETURNS b IMMUTABLE STRICT LANGUAGE internal AS 'textin';
CREATE FUNCTION b_out(b) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';
CREATE TYPE b (INPUT = b_in, OUTPUT = b_out, LIKE = text);
-- change: type @s.b
ALTER TYPE b SET (STORAGE = external);

-- case: shell type
SELECT 1;
-- change: type @s.b
CREATE TYPE b;

-- case: sequence added
SELECT 1;
-- change: sequence @s.q
CREATE SEQUENCE q;

-- case: sequence type
CREATE SEQUENCE q;
-- change: sequence @s.q
ALTER SEQUENCE q AS integer;

-- case: sequence start
CREATE SEQUENCE q;
-- change: sequence @s.q
ALTER SEQUENCE q START 100;

-- case: sequence increment
CREATE SEQUENCE q;
-- change: sequence @s.q
ALTER SEQUENCE q INCREMENT 5;

-- case: sequence descending
CREATE SEQUENCE q;
-- change: sequence @s.q
DROP SEQUENCE q; CREATE SEQUENCE q INCREMENT -1;

-- case: sequence bounds
CREATE SEQUENCE q;
-- change: sequence @s.q
ALTER SEQUENCE q MINVALUE 0 MAXVALUE 77;

-- case: sequence cache
CREATE SEQUENCE q;
-- change: sequence @s.q
ALTER SEQUENCE q CACHE 20;

-- case: sequence cycle
CREATE SEQUENCE q;
-- change: sequence @s.q
ALTER SEQUENCE q CYCLE;

-- case: sequence unlogged
CREATE SEQUENCE q;
-- change: sequence @s.q
ALTER SEQUENCE q SET UNLOGGED;

-- case: sequence owned
CREATE SEQUENCE q; CREATE TABLE t (a int);
-- change: sequence @s.q
ALTER SEQUENCE q OWNED BY t.a;

-- case: sequence let go
CREATE TABLE t (a serial);
-- change: sequence @s.t_a_seq
ALTER SEQUENCE t_a_seq OWNED BY NONE;

-- case: sequence owner
CREATE SEQUENCE q;
-- change: sequence @s.q
ALTER SEQUENCE q OWNER TO @r1;

-- case: sequence granted
CREATE SEQUENCE q;
-- change: sequence @s.q
GRANT USAGE ON SEQUENCE q TO @r1;

-- case: sequence commented
CREATE SEQUENCE q;
-- change: sequence @s.q
COMMENT ON SEQUENCE q IS 'numbers';

-- case: sequence used
CREATE SEQUENCE q;
-- same:
SELECT nextval('q'), nextval('q'); ALTER SEQUENCE q RESTART WITH 5;

-- case: serial by hand
CREATE TABLE t (a serial);
-- same:
DROP TABLE t; CREATE SEQUENCE t_a_seq AS integer; CREATE TABLE t (a int NOT NULL DEFAULT nextval('t_a_seq')); ALTER SEQUENCE t_a_seq OWNED BY t.a;

-- group: rights
-- case: table granted
CREATE TABLE t (a int);
-- change: table @s.t
GRANT SELECT, INSERT ON t TO @r1;

-- case: table granted to all
CREATE TABLE t (a int);
-- change: table @s.t
GRANT SELECT ON t TO PUBLIC;

-- case: grant option
CREATE TABLE t (a int); GRANT SELECT ON t TO @r1;
-- change: table @s.t
GRANT SELECT ON t TO @r1 WITH GRANT OPTION;

-- case: granted by another
CREATE TABLE t (a int); GRANT USAGE ON SCHEMA @s TO @r1; GRANT SELECT ON t TO @r1 WITH GRANT OPTION;
-- change: table @s.t
SET ROLE @r1; GRANT SELECT ON @s.t TO @r2;

-- case: owner's own rights
CREATE TABLE t (a int);
-- change: table @s.t
REVOKE DELETE ON t FROM CURRENT_USER;

-- case: revoked
CREATE TABLE t (a int); GRANT SELECT, INSERT ON t TO @r1;
-- change: table @s.t
REVOKE INSERT ON t FROM @r1;

-- case: granted and revoked
CREATE TABLE t (a int);
-- same:
GRANT SELECT ON t TO @r1; REVOKE SELECT ON t FROM @r1;

-- case: schema added
SELECT 1;
-- change: schema @s_x
CREATE SCHEMA @s_x;

-- case: schema owner
SELECT 1;
-- change: schema @s
ALTER SCHEMA @s OWNER TO @r1;

-- case: schema granted
SELECT 1;
-- change: schema @s
GRANT USAGE, CREATE ON SCHEMA @s TO @r1;

-- case: schema commented
SELECT 1;
-- change: schema @s
COMMENT ON SCHEMA @s IS 'a place';

-- case: public schema revoked
SELECT 1;
-- change: schema public
REVOKE USAGE ON SCHEMA public FROM PUBLIC;

-- case: public schema granted
SELECT 1;
-- change: schema public
GRANT CREATE ON SCHEMA public TO @r1;

-- case: public schema commented
SELECT 1;
-- change: schema public
COMMENT ON SCHEMA public IS 'all of us';

-- case: system function revoked
SELECT 1;
-- change: function pg_catalog.pg_sleep(double precision)
REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC;

-- case: system table granted
SELECT 1;
-- change: table pg_catalog.pg_authid
GRANT SELECT ON pg_authid TO @r1;

-- case: default privileges of tables
SELECT 1;
-- change: default privilege for role @u in schema @s on tables
ALTER DEFAULT PRIVILEGES IN SCHEMA @s GRANT SELECT ON TABLES TO @r1;

-- case: default privileges changed
ALTER DEFAULT PRIVILEGES IN SCHEMA @s GRANT SELECT ON TABLES TO @r1;
-- change: default privilege for role @u in schema @s on tables
ALTER DEFAULT PRIVILEGES IN SCHEMA @s GRANT INSERT ON TABLES TO @r1;

-- case: default privileges of functions everywhere
SELECT 1;
-- change: default privilege for role @r1 on functions
ALTER DEFAULT PRIVILEGES FOR ROLE @r1 REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- case: default privileges of sequences
SELECT 1;
-- change: default privilege for role @u in schema @s on sequences
ALTER DEFAULT PRIVILEGES IN SCHEMA @s GRANT USAGE ON SEQUENCES TO @r1;

-- case: default privileges of types
SELECT 1;
-- change: default privilege for role @r1 on types
ALTER DEFAULT PRIVILEGES FOR ROLE @r1 REVOKE USAGE ON TYPES FROM PUBLIC;

-- case: default privileges of schemas
SELECT 1;
-- change: default privilege for role @r1 on schemas
ALTER DEFAULT PRIVILEGES FOR ROLE @r1 GRANT USAGE ON SCHEMAS TO @r2;

-- case: extension added
-- needs: citext
SELECT 1;
-- change: extension citext
CREATE EXTENSION citext SCHEMA @s;

-- case: extension moved
-- needs: hstore
CREATE EXTENSION hstore SCHEMA @s; CREATE SCHEMA @s_x;
-- change: extension hstore
ALTER EXTENSION hstore SET SCHEMA @s_x;

-- case: extension commented
-- needs: pg_trgm
CREATE EXTENSION pg_trgm SCHEMA @s;
-- change: extension pg_trgm
COMMENT ON EXTENSION pg_trgm IS 'three letters';

-- case: member of an extension granted
-- needs: pgcrypto
CREATE EXTENSION pgcrypto SCHEMA @s;
-- change: function @s.digest(text, text)
REVOKE EXECUTE ON FUNCTION digest(text, text) FROM PUBLIC;

-- case: extension's type in use
-- needs: ltree
CREATE EXTENSION ltree SCHEMA @s;
-- change: table @s.t
CREATE TABLE t (a ltree, b ltree[]); CREATE INDEX i ON t USING gist (a);

-- group: others
-- case: publication added
CREATE TABLE t (a int PRIMARY KEY);
-- change: publication p_@s
CREATE PUBLICATION p_@s FOR TABLE t;

-- case: publication of all tables
SELECT 1;
-- change: publication p_@s
CREATE PUBLICATION p_@s FOR ALL TABLES;

-- case: publication table dropped
CREATE TABLE t (a int PRIMARY KEY); CREATE PUBLICATION p_@s FOR TABLE t;
-- change: publication p_@s
ALTER PUBLICATION p_@s DROP TABLE t;

-- case: publication operations
CREATE PUBLICATION p_@s;
-- change: publication p_@s
ALTER PUBLICATION p_@s SET (publish = 'insert, delete');

-- case: publication via root
CREATE PUBLICATION p_@s;
-- change: publication p_@s
ALTER PUBLICATION p_@s SET (publish_via_partition_root = true);

-- case: publication of generated columns
-- since: 18
CREATE PUBLICATION p_@s;
-- change: publication p_@s
ALTER PUBLICATION p_@s SET (publish_generated_columns = stored);

-- case: publication columns
CREATE TABLE t (a int PRIMARY KEY, b int); CREATE PUBLICATION p_@s FOR TABLE t;
-- change: publication p_@s
ALTER PUBLICATION p_@s SET TABLE t (a);

-- case: publication filter
CREATE TABLE t (a int PRIMARY KEY, b int); CREATE PUBLICATION p_@s FOR TABLE t;
-- change: publication p_@s
ALTER PUBLICATION p_@s SET TABLE t WHERE (a > 5);

-- case: publication of a schema
CREATE PUBLICATION p_@s;
-- change: publication p_@s
ALTER PUBLICATION p_@s ADD TABLES IN SCHEMA @s;

-- case: publication owner
CREATE PUBLICATION p_@s;
-- change: publication p_@s
ALTER PUBLICATION p_@s OWNER TO @r1;

-- case: publication commented
CREATE PUBLICATION p_@s;
-- change: publication p_@s
COMMENT ON PUBLICATION p_@s IS 'out';

-- case: subscription added
SELECT 1;
-- change: subscription u_@s
CREATE SUBSCRIPTION u_@s CONNECTION 'dbname=nowhere' PUBLICATION x, y WITH (connect = false);

-- case: subscription changed
CREATE SUBSCRIPTION u_@s CONNECTION 'dbname=nowhere' PUBLICATION x WITH (connect = false, slot_name = NONE);
-- change: subscription u_@s
ALTER SUBSCRIPTION u_@s CONNECTION 'dbname=elsewhere';

-- case: subscription options
CREATE SUBSCRIPTION u_@s CONNECTION 'dbname=nowhere' PUBLICATION x WITH (connect = false, slot_name = NONE);
-- change: subscription u_@s
ALTER SUBSCRIPTION u_@s SET (binary = true, disable_on_error = true, synchronous_commit = local);

-- case: foreign data wrapper
SELECT 1;
-- change: foreign data wrapper w_@s
CREATE FOREIGN DATA WRAPPER w_@s OPTIONS (debug 'true');

-- case: foreign data wrapper's options
CREATE FOREIGN DATA WRAPPER w_@s OPTIONS (debug 'true');
-- change: foreign data wrapper w_@s
ALTER FOREIGN DATA WRAPPER w_@s OPTIONS (SET debug 'false');

-- case: foreign data wrapper granted
CREATE FOREIGN DATA WRAPPER w_@s;
-- change: foreign data wrapper w_@s
GRANT USAGE ON FOREIGN DATA WRAPPER w_@s TO @r1;

-- case: foreign data wrapper's validator
CREATE FOREIGN DATA WRAPPER w_@s;
-- change: foreign data wrapper w_@s
ALTER FOREIGN DATA WRAPPER w_@s VALIDATOR postgresql_fdw_validator;

-- case: server added
CREATE FOREIGN DATA WRAPPER w_@s;
-- change: server v_@s
CREATE SERVER v_@s TYPE 'x' VERSION '1' FOREIGN DATA WRAPPER w_@s OPTIONS (host 'here');

-- case: server changed
CREATE FOREIGN DATA WRAPPER w_@s; CREATE SERVER v_@s FOREIGN DATA WRAPPER w_@s;
-- change: server v_@s
ALTER SERVER v_@s VERSION '2' OPTIONS (ADD port '5');

-- case: server granted
CREATE FOREIGN DATA WRAPPER w_@s; CREATE SERVER v_@s FOREIGN DATA WRAPPER w_@s;
-- change: server v_@s
GRANT USAGE ON FOREIGN SERVER v_@s TO @r1;

-- case: user mapping
CREATE FOREIGN DATA WRAPPER w_@s; CREATE SERVER v_@s FOREIGN DATA WRAPPER w_@s;
-- change: user mapping @r1 SERVER v_@s
CREATE USER MAPPING FOR @r1 SERVER v_@s OPTIONS (user 'me');

-- case: user mapping changed
CREATE FOREIGN DATA WRAPPER w_@s; CREATE SERVER v_@s FOREIGN DATA WRAPPER w_@s; CREATE USER MAPPING FOR PUBLIC SERVER v_@s;
-- change: user mapping PUBLIC SERVER v_@s
ALTER USER MAPPING FOR PUBLIC SERVER v_@s OPTIONS (ADD password 'it''s');

-- case: foreign table
CREATE FOREIGN DATA WRAPPER w_@s; CREATE SERVER v_@s FOREIGN DATA WRAPPER w_@s;
-- change: foreign table @s.ft
CREATE FOREIGN TABLE ft (a int OPTIONS (name 'x')) SERVER v_@s OPTIONS (path 'y');

-- case: foreign table's options
CREATE FOREIGN DATA WRAPPER w_@s; CREATE SERVER v_@s FOREIGN DATA WRAPPER w_@s; CREATE FOREIGN TABLE ft (a int) SERVER v_@s;
-- change: foreign table @s.ft
ALTER FOREIGN TABLE ft OPTIONS (ADD path 'y');

-- case: foreign column's options
CREATE FOREIGN DATA WRAPPER w_@s; CREATE SERVER v_@s FOREIGN DATA WRAPPER w_@s; CREATE FOREIGN TABLE ft (a int) SERVER v_@s;
-- change: column @s.ft.a
ALTER FOREIGN TABLE ft ALTER a OPTIONS (ADD name 'x');

-- case: text search configuration
SELECT 1;
-- change: text search configuration @s.c
CREATE TEXT SEARCH CONFIGURATION c (COPY = english);

-- case: text search mapping
CREATE TEXT SEARCH CONFIGURATION c (COPY = english);
-- change: text search configuration @s.c
ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR asciiword WITH simple, english_stem;

-- case: text search mapping dropped
CREATE TEXT SEARCH CONFIGURATION c (COPY = english);
-- change: text search configuration @s.c
ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR url;

-- case: text search dictionary
SELECT 1;
-- change: text search dictionary @s.d
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, ACCEPT = false);

-- case: text search dictionary's options
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, LANGUAGE = english);
-- change: text search dictionary @s.d
ALTER TEXT SEARCH DICTIONARY d (LANGUAGE = german);

-- case: text search parser
SELECT 1;
-- change: text search parser @s.p
CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);

-- case: text search template
SELECT 1;
-- change: text search template @s.tt
CREATE TEXT SEARCH TEMPLATE tt (INIT = dsimple_init, LEXIZE = dsimple_lexize);

-- case: text search commented
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);
-- change: text search dictionary @s.d
COMMENT ON TEXT SEARCH DICTIONARY d IS 'plain';

-- case: cast added
CREATE TYPE c AS (a int); CREATE FUNCTION f(int) RETURNS c LANGUAGE sql AS 'SELECT ROW($1)::@s.c';
-- change: cast (integer AS @s.c)
CREATE CAST (int AS c) WITH FUNCTION f(int);

-- case: cast context
CREATE TYPE c AS (a int); CREATE FUNCTION f(int) RETURNS c LANGUAGE sql AS 'SELECT ROW($1)::@s.c'; CREATE CAST (int AS c) WITH FUNCTION f(int);
-- change: cast (integer AS @s.c)
DROP CAST (int AS c); CREATE CAST (int AS c) WITH FUNCTION f(int) AS ASSIGNMENT;

-- case: cast by text
CREATE TYPE c AS ENUM ('a');
-- change: cast (@s.c AS json)
CREATE CAST (c AS json) WITH INOUT AS IMPLICIT;

-- case: cast commented
CREATE TYPE c AS ENUM ('a'); CREATE CAST (c AS json) WITH INOUT;
-- change: cast (@s.c AS json)
COMMENT ON CAST (c AS json) IS 'as text';

-- case: operator added
CREATE FUNCTION f(int, text) RETURNS bool LANGUAGE sql AS 'SELECT true';
-- change: operator @s.===(integer, text)
CREATE OPERATOR === (FUNCTION = f, LEFTARG = int, RIGHTARG = text);

-- case: operator's estimators
CREATE FUNCTION f(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR === (FUNCTION = f, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ===);
-- change: operator @s.===(integer, integer)
ALTER OPERATOR === (int, int) SET (RESTRICT = eqsel, JOIN = eqjoinsel);

-- case: prefix operator commented
CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR !!! (FUNCTION = f, RIGHTARG = int);
-- change: operator @s.!!!(NONE, integer)
COMMENT ON OPERATOR !!! (NONE, int) IS 'loud';

-- case: operator family
SELECT 1;
-- change: operator family @s.fam USING btree
CREATE OPERATOR FAMILY fam USING btree;

-- case: operator family's member
CREATE OPERATOR FAMILY fam USING btree;
-- change: operator family @s.fam USING btree
ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int4, int8), FUNCTION 1 (int4, int8) btint48cmp(int4, int8);

-- case: operator class
SELECT 1;
-- change: operator class @s.oc USING btree
CREATE OPERATOR CLASS oc FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4);

-- case: operator class's members
CREATE OPERATOR CLASS oc FOR TYPE int4 USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int4);
-- change: operator class @s.oc USING hash
DROP OPERATOR CLASS oc USING hash; CREATE OPERATOR CLASS oc FOR TYPE int8 USING hash FAMILY oc AS OPERATOR 1 =, FUNCTION 1 hashint8(int8);

-- case: operator class owner
CREATE OPERATOR CLASS oc FOR TYPE int4 USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int4);
-- change: operator class @s.oc USING hash
ALTER OPERATOR CLASS oc USING hash OWNER TO @r1;

-- case: collation added
SELECT 1;
-- change: collation @s.co
CREATE COLLATION co (LOCALE = 'C');

-- case: collation of another provider
-- needs: icu
CREATE COLLATION co (PROVIDER = icu, LOCALE = 'de');
-- change: collation @s.co
DROP COLLATION co; CREATE COLLATION co (PROVIDER = icu, LOCALE = 'de', DETERMINISTIC = false);

-- case: collation rules
-- needs: icu
-- since: 16
CREATE COLLATION co (PROVIDER = icu, LOCALE = 'und');
-- change: collation @s.co
DROP COLLATION co; CREATE COLLATION co (PROVIDER = icu, LOCALE = 'und', RULES = '&a < g');

-- case: builtin collation
-- since: 17
SELECT 1;
-- change: collation @s.co
CREATE COLLATION co (PROVIDER = builtin, LOCALE = 'C.UTF-8');

-- case: collation commented
CREATE COLLATION co (LOCALE = 'C');
-- change: collation @s.co
COMMENT ON COLLATION co IS 'bytes';

-- case: conversion
SELECT 1;
-- change: conversion @s.cv
CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;

-- case: conversion commented
CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
-- change: conversion @s.cv
COMMENT ON CONVERSION cv IS 'old';

-- case: language
SELECT 1;
-- change: language l_@s
CREATE LANGUAGE l_@s HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;

-- case: language trusted
CREATE FUNCTION h() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; CREATE LANGUAGE l_@s HANDLER h;
-- change: language l_@s
CREATE OR REPLACE TRUSTED LANGUAGE l_@s HANDLER h;

-- case: language granted
CREATE TRUSTED LANGUAGE l_@s HANDLER plpgsql_call_handler;
-- change: language l_@s
REVOKE USAGE ON LANGUAGE l_@s FROM PUBLIC;

-- case: transform
CREATE FUNCTION f(internal) RETURNS internal IMMUTABLE LANGUAGE internal AS 'int4recv'; CREATE TYPE c AS (a int);
-- change: transform FOR @s.c LANGUAGE plpgsql
CREATE FUNCTION g(internal) RETURNS internal IMMUTABLE LANGUAGE internal AS 'prsd_lextype';
CREATE TRANSFORM FOR c LANGUAGE plpgsql (FROM SQL WITH FUNCTION g(internal));

-- case: access method
SELECT 1;
-- change: access method m_@s
CREATE ACCESS METHOD m_@s TYPE TABLE HANDLER heap_tableam_handler;

-- case: access method commented
CREATE ACCESS METHOD m_@s TYPE INDEX HANDLER bthandler;
-- change: access method m_@s
COMMENT ON ACCESS METHOD m_@s IS 'trees';

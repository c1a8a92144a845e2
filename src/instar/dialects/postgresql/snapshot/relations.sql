-- name: pg_class.relations
SELECT c.oid::int8, 0,
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'f' THEN 'foreign table'
    WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' END,
  quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, NULL::int8 AS pg_class,
  quote_ident(n.nspname) AS "#schema",
  quote_ident(pg_get_userbyid(c.relowner)) AS owner,
  CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END AS persistence,
  CASE WHEN m.amname <> 'heap' THEN quote_ident(m.amname) END AS "access method",
  CASE WHEN c.reltablespace <> 0 THEN
    (SELECT quote_ident(s.spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace) END AS tablespace,
  CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS "type of",
  i.inherits AS "#inherits", c.relispartition AS "#partition",
  CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partition by",
  CASE WHEN c.relrowsecurity THEN 'true' END AS "row level security",
  CASE WHEN c.relforcerowsecurity THEN 'true' END AS "force row level security",
  CASE WHEN c.relkind IN ('r', 'p', 'm') THEN CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' END END AS "replica identity",
  CASE WHEN c.relkind IN ('v', 'm') THEN btrim(pg_get_viewdef(c.oid), E' \n;') END AS definition,
  CASE WHEN c.relkind = 'f' THEN (SELECT quote_ident(s.srvname) FROM pg_foreign_table f
    JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) END AS server,
  CASE WHEN c.relkind = 'f' THEN (SELECT f.ftoptions FROM pg_foreign_table f WHERE f.ftrelid = c.oid) END AS "#fdw",
  c.reloptions AS "#options", toast.reloptions AS "#toast",
  c.reltype::int8 AS "#pg_type", r.typarray::int8 AS "#pg_type.array",
  CASE WHEN c.relkind IN ('v', 'm') THEN (SELECT w.oid::int8 FROM pg_rewrite w
    WHERE w.ev_class = c.oid AND w.rulename = '_RETURN') END AS "#pg_rewrite"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am m ON m.oid = c.relam
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid AND toast.reloptions IS NOT NULL
LEFT JOIN pg_type r ON r.oid = c.reltype
LEFT JOIN (SELECT inhrelid, array_agg(inhparent::int8 ORDER BY inhseqno) AS inherits FROM pg_inherits GROUP BY inhrelid) i
  ON i.inhrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {users} AND {free_pg_class};

-- name: pg_class.columns
SELECT a.attrelid::int8, a.attnum::int4, CASE c.relkind WHEN 'c' THEN 'attribute' ELSE 'column' END,
  quote_ident(a.attname) AS part, a.attrelid::int8 AS pg_class,
  format_type(a.atttypid, a.atttypmod) AS type,
  CASE WHEN a.attcollation <> t.typcollation THEN (
    SELECT quote_ident(n.nspname) || '.' || quote_ident(l.collname)
    FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) END AS collation,
  pg_get_expr(d.adbin, d.adrelid) AS default,
  CASE a.attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END AS generated,
  CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity,
  CASE WHEN a.attnotnull THEN 'true' END AS "not null",
  {not_null}
  CASE WHEN c.relkind IN ('r', 'p', 'f', 'm') AND a.attstorage <> t.typstorage THEN
    CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END
  END AS storage,
  {compression} AS compression,
  CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END AS statistics,
  CASE WHEN NOT a.attislocal THEN 'true' END AS inherited,
  CASE WHEN a.attoptions[2] IS NOT NULL OR NOT starts_with(a.attoptions[1], 'pg_attver=') THEN a.attoptions END AS "#options", a.attfdwoptions AS "#fdw", d.oid::int8 AS "#pg_attrdef"
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
{not_null_join}
WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped;

-- name: pg_class.sequences
SELECT c.oid::int8, 0, 'sequence', quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(c.relowner)) AS owner,
  CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END AS persistence,
  format_type(s.seqtypid, NULL) AS type, s.seqincrement::text AS increment, s.seqstart::text AS start,
  s.seqmin::text AS minimum, s.seqmax::text AS maximum, s.seqcache::text AS cache,
  CASE WHEN s.seqcycle THEN 'true' END AS cycle,
  d.deptype::text AS "#owned", d.refobjid::int8 AS "#table", d.refobjsubid::int4 AS "#column"
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
WHERE {users} AND {free_pg_class};

-- name: pg_constraint.constraints
SELECT k.oid::int8, 0, 'constraint', quote_ident(k.conname) AS part, k.conrelid::int8 AS pg_class,
  CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY'
    ELSE 'EXCLUDE' END AS type,
  pg_get_constraintdef(k.oid) AS definition,
  CASE WHEN k.condeferred THEN 'DEFERRABLE INITIALLY DEFERRED' WHEN k.condeferrable THEN 'DEFERRABLE' END AS deferrable,
  {not_enforced} AS "not enforced",
  CASE WHEN NOT k.convalidated THEN 'true' END AS "not valid",
  CASE WHEN k.contype = 'c' AND NOT k.conislocal THEN 'true' END AS inherited,
  h.inhparent::int8 AS "#parent",
  CASE WHEN i.indisclustered THEN 'true' END AS clustered,
  CASE WHEN i.indisreplident THEN 'true' END AS "replica identity",
  CASE WHEN c.reltablespace <> 0 THEN
    (SELECT quote_ident(s.spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace) END AS tablespace,
  c.reloptions AS "#options", i.indexrelid::int8 AS "#pg_class"
FROM pg_constraint k
LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
WHERE k.conrelid >= 16384 AND k.contype IN ('p', 'u', 'c', 'f', 'x') AND (k.contype <> 'f' OR k.conparentid = 0);

-- name: pg_constraint.domains
SELECT k.oid::int8, 0, 'constraint', quote_ident(k.conname) AS part, k.contypid::int8 AS pg_type,
  'CHECK' AS type, pg_get_constraintdef(k.oid) AS definition,
  CASE WHEN NOT k.convalidated THEN 'true' END AS "not valid"
FROM pg_constraint k
WHERE k.contypid >= 16384 AND k.contype = 'c';

-- name: pg_class.indexes
SELECT i.indexrelid::int8, 0, 'index', c.relnamespace::regnamespace::text || '.' || quote_ident(c.relname) AS name,
  i.indrelid::int8 AS pg_class, pg_get_indexdef(i.indexrelid) AS definition,
  CASE WHEN c.reltablespace <> 0 THEN
    (SELECT quote_ident(s.spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace) END AS tablespace,
  h.inhparent::int8 AS "#parent",
  CASE WHEN i.indisclustered THEN 'true' END AS clustered,
  CASE WHEN i.indisreplident THEN 'true' END AS "replica identity",
  CASE WHEN c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready) THEN 'true' END AS invalid
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
WHERE i.indrelid >= 16384 AND c.relnamespace <> 'pg_toast'::regnamespace AND k.oid IS NULL;

-- name: index_columns
SELECT i.indexrelid::int8, a.number, a.target
FROM pg_index i CROSS JOIN LATERAL (
  SELECT a.attnum::text AS number, a.attstattarget::text AS target FROM pg_attribute a
  WHERE a.attrelid = i.indexrelid AND a.attnum > 0 AND a.attstattarget >= 0 OFFSET 0
) a
WHERE i.indexrelid >= 16384 AND i.indexprs IS NOT NULL;

-- name: pg_trigger.triggers
SELECT t.oid::int8, 0, 'trigger', quote_ident(t.tgname) AS part, t.tgrelid::int8 AS pg_class,
  CASE WHEN u.oid IS NULL THEN pg_get_triggerdef(t.oid) END AS definition,
  CASE t.tgenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS'
    ELSE CASE WHEN u.oid IS NOT NULL THEN 'ENABLED' END END AS enabled,
  CASE WHEN u.oid IS NOT NULL THEN 'true' END AS inherited
FROM pg_trigger t LEFT JOIN pg_trigger u ON u.oid = {trigger_parent}
WHERE t.tgrelid >= 16384
  AND (NOT t.tgisinternal AND u.oid IS NULL OR t.tgconstraint = 0 AND u.oid IS NOT NULL AND t.tgenabled <> u.tgenabled);

-- name: pg_rewrite.rules
SELECT r.oid::int8, 0, 'rule', quote_ident(r.rulename) AS part, r.ev_class::int8 AS pg_class,
  pg_get_ruledef(r.oid) AS definition,
  CASE r.ev_enabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END AS enabled
FROM pg_rewrite r
WHERE r.ev_class >= 16384 AND r.rulename <> '_RETURN';

-- name: pg_policy.policies
SELECT p.oid::int8, 0, 'policy', quote_ident(p.polname) AS part, p.polrelid::int8 AS pg_class,
  CASE WHEN NOT p.polpermissive THEN 'RESTRICTIVE' END AS permissive,
  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' END AS command,
  CASE WHEN p.polroles <> '{{0}}' THEN
    (SELECT string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) FROM pg_roles r WHERE r.oid = ANY (p.polroles))
  END AS roles,
  pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
FROM pg_policy p;

-- name: pg_statistic_ext.statistics
SELECT s.oid::int8, 0, 'statistics', quote_ident(n.nspname) || '.' || quote_ident(s.stxname) AS name,
  s.stxrelid::int8 AS pg_class,
  quote_ident(pg_get_userbyid(s.stxowner)) AS owner, pg_get_statisticsobjdef(s.oid) AS definition,
  {statistics_target} AS statistics
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE {users};

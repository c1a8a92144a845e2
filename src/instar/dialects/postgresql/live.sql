-- name: session
SELECT pg_catalog.current_setting('TimeZone'), pg_catalog.current_schemas(false)::text[],
  coalesce((SELECT pg_catalog.array_agg(DISTINCT l.relation) FROM pg_catalog.pg_locks l
            WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
              AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
              AND l.database = d.oid), '{{}}')::int8[],
  extract(epoch FROM pg_catalog.clock_timestamp()
          - coalesce(s.stats_reset, b.stats_reset, pg_catalog.pg_postmaster_start_time()))::float8
FROM pg_catalog.pg_database d
LEFT JOIN pg_catalog.pg_stat_database s ON s.datid = d.oid
CROSS JOIN pg_catalog.pg_stat_bgwriter b
WHERE d.datname = pg_catalog.current_database();

-- name: relations
SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, c.relpersistence::text, c.relispopulated, c.relrowsecurity,
  c.reltuples::float8, c.relpages, c.relispartition, i.inhparent::int8,
  CASE WHEN c.relispartition AND c.oid::int8 <> ALL ({locked}) THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,
  CASE WHEN c.relkind = 'p' AND c.oid::int8 <> ALL ({locked}) THEN pg_catalog.pg_get_partkeydef(c.oid) END,
  coalesce(c.reloptions, '{{}}'),
  CASE WHEN c.relkind IN ('r', 'm') AND c.oid::int8 <> ALL ({locked}) THEN pg_catalog.pg_relation_size(c.oid) END,
  CASE WHEN c.relkind IN ('r', 'm') AND c.oid::int8 <> ALL ({locked}) THEN pg_catalog.pg_table_size(c.oid) END,
  pg_catalog.pg_stat_get_live_tuples(c.oid),
  pg_catalog.pg_stat_get_numscans(c.oid) + coalesce(x.scans, 0)::int8,
  pg_catalog.pg_stat_get_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_tuples_updated(c.oid)
  + pg_catalog.pg_stat_get_tuples_deleted(c.oid),
  pg_catalog.current_setting('block_size')::int,
  CASE WHEN c.relkind IN ('v', 'm') AND c.oid::int8 <> ALL ({locked}) THEN pg_catalog.pg_get_viewdef(c.oid) END
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND i.inhseqno = 1
LEFT JOIN (SELECT p.indrelid, sum(pg_catalog.pg_stat_get_numscans(p.indexrelid)) AS scans
           FROM pg_catalog.pg_index p GROUP BY p.indrelid) x ON x.indrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';

-- name: columns
SELECT a.attrelid::int8, a.attname, {type}, a.attnotnull,
  CASE WHEN a.atthasdef AND a.attrelid::int8 <> ALL ({locked})
       THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
  a.attidentity::text, a.attgenerated::text,
  CASE WHEN a.attcollation <> t.typcollation THEN o.collname END
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
JOIN pg_catalog.pg_type b ON b.oid = coalesce(e.oid, t.oid)
JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum;

-- name: indexes
SELECT i.indrelid::int8, n.nspname, c.relname,
  ARRAY(SELECT coalesce(a.attname::text, '') FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k (number, place)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0
        ORDER BY k.place),
  i.indnkeyatts, i.indisunique, i.indisprimary, i.indisvalid AND i.indisready, m.amname,
  CASE WHEN i.indexprs IS NOT NULL AND NOT hidden.yes THEN pg_catalog.pg_get_expr(i.indexprs, i.indrelid) END,
  CASE WHEN i.indpred IS NOT NULL AND NOT hidden.yes THEN pg_catalog.pg_get_expr(i.indpred, i.indrelid) END,
  k.conname,
  CASE WHEN c.relkind = 'i' AND NOT hidden.yes THEN pg_catalog.pg_relation_size(c.oid) END,
  pn.nspname, p.relname, CASE WHEN NOT hidden.yes THEN pg_catalog.pg_get_indexdef(c.oid) END
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class r ON r.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.relam
CROSS JOIN LATERAL (SELECT i.indrelid::int8 = ANY ({locked}) OR c.oid::int8 = ANY ({locked}) AS yes) hidden
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid
LEFT JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
WHERE r.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY i.indrelid, i.indexrelid;

-- name: constraints
SELECT k.conrelid::int8, k.conname, k.contype::text,
  ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u (number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number ORDER BY u.place),
  CASE WHEN k.contype = 'c' AND k.conrelid::int8 <> ALL ({locked})
       THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid) END,
  k.confrelid::int8,
  ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u (number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number ORDER BY u.place),
  k.confdeltype::text, k.convalidated, {enforced}, k.condeferrable, xn.nspname, x.relname
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class x ON x.oid = k.conindid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_namespace xn ON xn.oid = x.relnamespace
WHERE k.contype IN ('c', 'f', 'p', 'u', 'x', 'n') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY k.conrelid, k.oid;

-- name: triggers
SELECT t.tgrelid::int8, t.tgname,
  CASE WHEN t.tgrelid::int8 <> ALL ({locked}) THEN pg_catalog.pg_get_triggerdef(t.oid) END
FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal ORDER BY t.tgrelid, t.tgname;

-- name: statistics
SELECT s.stxrelid::int8, n.nspname, s.stxname
FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
ORDER BY s.stxrelid, s.oid;

-- name: sources
SELECT DISTINCT r.ev_class::int8, d.refobjid::int8
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_depend d ON d.objid = r.oid AND d.classid = 'pg_catalog.pg_rewrite'::regclass
  AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
WHERE r.rulename = '_RETURN';

-- name: types
SELECT n.nspname, t.typname, t.typtype::text, {base},
  t.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid),
  ARRAY(SELECT l.enumlabel::text FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder)
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type y ON y.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_type e ON e.oid = y.typelem AND e.typarray = y.oid
LEFT JOIN pg_catalog.pg_type b ON b.oid = coalesce(e.oid, y.oid)
LEFT JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND t.typtype IN ('e', 'd', 'c', 'r', 'b')
  AND (t.typtype <> 'c' OR c.relkind = 'c') AND (t.typtype <> 'b' OR t.typelem = 0);

-- name: functions
SELECT n.nspname, p.proname, p.provolatile::text, l.lanname,
  CASE WHEN x.objid IS NOT NULL OR l.lanname IN ('c', 'internal') THEN ''
       WHEN p.prosrc = '' THEN pg_catalog.pg_get_functiondef(p.oid) ELSE p.prosrc END,
  p.pronargs = 0 AND NOT p.proretset AND NOT p.prosecdef AND p.proconfig IS NULL
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_depend x ON x.objid = p.oid AND x.classid = 'pg_catalog.pg_proc'::regclass AND x.deptype = 'e'
WHERE p.prokind IN ('f', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, p.proname, p.oid;

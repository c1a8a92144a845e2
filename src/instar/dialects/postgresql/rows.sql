-- name: tables
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition,
       EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS triggers,
       CASE WHEN c.relkind = 'p' THEN (
         SELECT coalesce(pg_catalog.array_agg(coalesce(pg_catalog.pg_get_partition_constraintdef(l.relid), 'true')
                                              ORDER BY l.relid::pg_catalog.oid), '{{}}')
         FROM pg_catalog.pg_partition_tree(c.oid) l WHERE l.isleaf AND l.relid <> c.oid) END AS bounds
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname

-- name: columns
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity, a.attgenerated,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname LIKE 'pg\_%'
                             OR nspname = 'information_schema')
ORDER BY a.attrelid, a.attnum

-- name: constraints
SELECT k.conrelid, k.contype, k.conname, k.conkey, k.confrelid, k.confkey, k.condeferrable, k.confmatchtype,
       CASE WHEN k.contype = 'c' THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid)
            WHEN k.contype = 'x' THEN pg_catalog.pg_get_constraintdef(k.oid) END AS expression
FROM pg_catalog.pg_constraint k
WHERE k.conrelid <> 0 AND k.contype IN ('c', 'f', 'x')
  AND coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true'
ORDER BY k.conrelid, k.conname

-- name: indexes
SELECT i.indrelid, i.indisprimary, i.indkey::pg_catalog.int2[] AS indkey, i.indnkeyatts,
       i.indpred IS NOT NULL AS partial
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indisunique AND i.indislive
  AND c.relnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname LIKE 'pg\_%')
ORDER BY i.indrelid, NOT i.indisprimary, i.indpred IS NOT NULL, x.relname

-- name: types
SELECT t.oid, n.nspname, t.typname, t.typtype, t.typcategory, t.typelem, t.typbasetype, t.typtypmod, t.typnotnull,
       CASE WHEN t.typtype = 'e' THEN (SELECT pg_catalog.array_agg(e.enumlabel ORDER BY e.enumsortorder)
                                       FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) END AS labels,
       CASE WHEN t.typtype = 'd' THEN (SELECT pg_catalog.array_agg(pg_catalog.pg_get_expr(k.conbin, 0)::pg_catalog.text)
                                       FROM pg_catalog.pg_constraint k
                                       WHERE k.contypid = t.oid AND k.contype = 'c') END AS checks,
       CASE WHEN t.typtype = 'c' THEN (
         SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(a.atttypid::pg_catalog.int8, a.atttypmod)
                                     ORDER BY a.attnum)
         FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END AS members,
       r.rngsubtype AS subtype
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
  OR (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid = t.oid

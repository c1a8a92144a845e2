WITH users AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS (
  SELECT c.*, u.nspname || '.' || c.relname AS name FROM pg_class c JOIN users u ON u.oid = c.relnamespace
)
SELECT 'relation ' || r.name,
       concat_ws(' ', r.relkind, r.relpersistence, r.reloptions::text, r.relrowsecurity, r.relispartition,
                 pg_get_expr(r.relpartbound, r.oid), CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END)
FROM relations r WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL
SELECT 'column ' || r.name || '.' || a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
                 'default ' || pg_get_expr(d.adbin, d.adrelid), 'identity ' || nullif(a.attidentity::text, ''),
                 'generated ' || nullif(a.attgenerated::text, ''), 'collation ' || nullif(a.attcollation, 0)::regcollation::text,
                 'number', row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum))
FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint ' || r.name || '.' || c.conname,
       concat_ws(' ', c.contype, pg_get_constraintdef(c.oid), CASE WHEN NOT c.convalidated THEN 'not validated' END,
                 'index ' || i.relname)
FROM pg_constraint c JOIN relations r ON r.oid = c.conrelid LEFT JOIN pg_class i ON i.oid = nullif(c.conindid, 0)
UNION ALL
SELECT 'domain constraint ' || c.contypid::regtype::text || '.' || c.conname,
       concat_ws(' ', pg_get_constraintdef(c.oid), CASE WHEN NOT c.convalidated THEN 'not validated' END)
FROM pg_constraint c JOIN users u ON u.oid = c.connamespace WHERE c.contypid <> 0
UNION ALL
SELECT 'index ' || r.name,
       concat_ws(' ', pg_get_indexdef(i.indexrelid), CASE WHEN NOT (i.indisvalid AND i.indisready) THEN 'invalid' END,
                 CASE WHEN i.indisprimary THEN 'primary' END, CASE WHEN i.indisclustered THEN 'clustered' END,
                 CASE WHEN i.indisreplident THEN 'replica identity' END, CASE WHEN NOT i.indimmediate THEN 'deferrable' END,
                 'part of ' || (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = i.indexrelid))
FROM pg_index i JOIN relations r ON r.oid = i.indexrelid
UNION ALL
SELECT 'trigger ' || r.name || '.' || t.tgname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
FROM pg_trigger t JOIN relations r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'policy ' || r.name || '.' || p.polname, concat_ws(' ', p.polcmd, pg_get_expr(p.polqual, p.polrelid),
       pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
UNION ALL
SELECT 'type ' || u.nspname || '.' || t.typname,
       concat_ws(' ', t.typtype, nullif(t.typbasetype, 0)::regtype::text,
                 (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
FROM pg_type t JOIN users u ON u.oid = t.typnamespace WHERE t.typtype IN ('d', 'e', 'r')
UNION ALL
SELECT 'function ' || p.oid::regprocedure::text, CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END
FROM pg_proc p JOIN users u ON u.oid = p.pronamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'comment on ' || pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description
FROM pg_description d JOIN relations r ON r.oid = d.objoid AND d.classoid = 'pg_class'::regclass

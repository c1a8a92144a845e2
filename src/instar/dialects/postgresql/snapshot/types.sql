-- name: pg_type.types
SELECT t.oid::int8, 0,
  CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'type' END,
  quote_ident(n.nspname) || '.' || quote_ident(t.typname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(t.typowner)) AS owner,
  CASE WHEN t.typtype = 'e' THEN coalesce(
    (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
    '') END AS labels,
  CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS type,
  CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation
    THEN quote_ident(ln.nspname) || '.' || quote_ident(l.collname) END AS collation,
  CASE WHEN t.typtype = 'd' THEN coalesce(pg_get_expr(t.typdefaultbin, 'pg_type'::regclass), quote_literal(t.typdefault))
    END AS default,
  CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'true' END AS "not null",
  {domain_not_null}
  CASE WHEN t.typtype = 'b' OR NOT t.typisdefined THEN {base} END AS definition,
  t.typrelid::int8 AS "#pg_class", t.typarray::int8 AS "#pg_type.array"
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_class c ON c.oid = t.typrelid
LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_collation l ON l.oid = t.typcollation
LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
{domain_not_null_join}
WHERE {users} AND {free_pg_type} AND t.oid >= 16384
  AND (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND c.relkind = 'c'
       OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
       OR NOT t.typisdefined);

-- name: pg_type.ranges
SELECT t.oid::int8, 0, 'range', quote_ident(n.nspname) || '.' || quote_ident(t.typname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(t.typowner)) AS owner, format_type(r.rngsubtype, NULL) AS subtype,
  CASE WHEN NOT o.opcdefault THEN quote_ident(oo.nspname) || '.' || quote_ident(o.opcname) END AS subtype_opclass,
  CASE WHEN r.rngcollation <> s.typcollation THEN quote_ident(ln.nspname) || '.' || quote_ident(l.collname) END AS collation,
  CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::regproc::text END AS canonical,
  CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::regproc::text END AS subtype_diff,
  {multirange}
  t.typarray::int8 AS "#pg_type.array"
FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_type s ON s.oid = r.rngsubtype
LEFT JOIN pg_opclass o ON o.oid = r.rngsubopc LEFT JOIN pg_namespace oo ON oo.oid = o.opcnamespace
LEFT JOIN pg_collation l ON l.oid = r.rngcollation LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
WHERE t.oid >= 16384 AND {users} AND {free_pg_type};

-- name: comments
SELECT d.classoid::regclass::text, d.objoid::int8, d.objsubid, d.description
FROM pg_description d
WHERE (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass AND d.objoid = 2200
       AND d.description <> 'standard public schema')
  AND d.classoid <> 'pg_largeobject'::regclass;

-- name: labels
SELECT l.classoid::regclass::text, l.objoid::int8, l.objsubid, l.provider, l.label
FROM pg_seclabel l WHERE l.classoid <> 'pg_largeobject'::regclass;

-- name: grants
WITH standard AS (
  SELECT coalesce((SELECT oid FROM pg_namespace WHERE nspname = 'information_schema'), 0) AS oid
), held(class, oid, sub, owner, acl, base) AS (
  SELECT 'pg_class'::regclass, c.oid, 0, c.relowner, c.relacl,
    acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
  FROM pg_class c, standard n WHERE c.relacl IS NOT NULL AND c.relnamespace <> n.oid
  UNION ALL
  SELECT 'pg_class'::regclass, a.attrelid, a.attnum, c.relowner, a.attacl, acldefault('c', c.relowner)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, acldefault('f', p.proowner) FROM pg_proc p
  WHERE p.proacl IS NOT NULL
  UNION ALL
  SELECT 'pg_namespace'::regclass, n.oid, 0, n.nspowner, n.nspacl, acldefault('n', n.nspowner) FROM pg_namespace n
  WHERE n.nspacl IS NOT NULL AND n.nspname !~ '^pg_(toast_)?temp_'
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, acldefault('T', t.typowner) FROM pg_type t
  WHERE t.typacl IS NOT NULL
  UNION ALL
  SELECT 'pg_language'::regclass, l.oid, 0, l.lanowner, l.lanacl, acldefault('l', l.lanowner) FROM pg_language l
  WHERE l.lanacl IS NOT NULL
  UNION ALL
  SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, 0, w.fdwowner, w.fdwacl, acldefault('F', w.fdwowner)
  FROM pg_foreign_data_wrapper w WHERE w.fdwacl IS NOT NULL
  UNION ALL
  SELECT 'pg_foreign_server'::regclass, s.oid, 0, s.srvowner, s.srvacl, acldefault('S', s.srvowner)
  FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL
  UNION ALL
  SELECT 'pg_default_acl'::regclass, d.oid, 0, d.defaclrole, d.defaclacl, CASE WHEN d.defaclnamespace = 0
    THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole)
    ELSE acldefault('c', d.defaclrole) END
  FROM pg_default_acl d
), changed AS (
  SELECT h.class, h.oid, h.sub, h.owner, h.acl, coalesce(i.initprivs, h.base) AS base
  FROM held h LEFT JOIN pg_init_privs i ON i.classoid = h.class AND i.objoid = h.oid AND i.objsubid = h.sub
  WHERE h.acl <> coalesce(i.initprivs, h.base)
)
SELECT c.class::text, c.oid::int8, c.sub::int4,
  CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
  || CASE WHEN x.grantor <> c.owner THEN ' by ' || quote_ident(pg_get_userbyid(x.grantor)) ELSE '' END,
  coalesce(x.held, 'NOTHING'),
  CASE WHEN c.oid < 16384 OR e.extname IS NOT NULL THEN (
    SELECT ARRAY[o.type, coalesce((
      SELECT quote_ident(o.schema) || '.' || quote_ident(p.proname) || '(' || array_to_string(ARRAY(
        SELECT format_type(y.oid, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS y(oid, place) ORDER BY y.place), ', ') || ')'
      FROM pg_proc p WHERE c.class = 'pg_proc'::regclass AND p.oid = c.oid), o.identity), o.schema]
    FROM pg_identify_object(c.class, c.oid, c.sub) o) END,
  quote_ident(e.extname)
FROM changed c CROSS JOIN LATERAL (
  SELECT grantee, grantor,
    string_agg(privilege || CASE WHEN star THEN '*' ELSE '' END, ', ' ORDER BY privilege) FILTER (WHERE now) AS held,
    string_agg(privilege || CASE WHEN star THEN '*' ELSE '' END, ', ' ORDER BY privilege) FILTER (WHERE NOT now) AS default
  FROM (
    SELECT grantee, grantor, privilege_type AS privilege, is_grantable AS star, true AS now FROM aclexplode(c.acl)
    UNION ALL
    SELECT CASE WHEN grantee = grantor THEN c.owner ELSE grantee END, c.owner, privilege_type, is_grantable, false
    FROM aclexplode(c.base)
  ) AS each GROUP BY grantee, grantor
) x
LEFT JOIN pg_depend d ON d.classid = c.class AND d.objid = c.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = d.refobjid
WHERE x.held IS DISTINCT FROM x.default;

-- name: depends
SELECT d.classid::int8, d.objid::int8, d.objsubid, d.refclassid::int8, d.refobjid::int8, d.refobjsubid,
  d.deptype::text
FROM pg_depend d
WHERE d.objid >= 16384 AND d.deptype IN ('n', 'a', 'P', 'S', 'e') AND d.objid <> d.refobjid
  AND NOT (d.classid = 'pg_attrdef'::regclass AND d.deptype = 'a');

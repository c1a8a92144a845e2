-- name: pg_operator.operators
SELECT o.oid::int8, 0, 'operator',
  quote_ident(n.nspname) || '.' || o.oprname || '('
  || CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END || ', '
  || CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END || ')' AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(o.oprowner)) AS owner,
  'CREATE OPERATOR ' || quote_ident(n.nspname) || '.' || o.oprname || ' (' || concat_ws(', ',
    'FUNCTION = ' || o.oprcode::regproc::text,
    'LEFTARG = ' || format_type(nullif(o.oprleft, 0), NULL), 'RIGHTARG = ' || format_type(nullif(o.oprright, 0), NULL),
    'COMMUTATOR = ' || (SELECT 'OPERATOR(' || quote_ident(cn.nspname) || '.' || c.oprname || ')'
      FROM pg_operator c JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprcom),
    'NEGATOR = ' || (SELECT 'OPERATOR(' || quote_ident(cn.nspname) || '.' || c.oprname || ')'
      FROM pg_operator c JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprnegate),
    'RESTRICT = ' || nullif(o.oprrest, 0)::regproc::text, 'JOIN = ' || nullif(o.oprjoin, 0)::regproc::text,
    CASE WHEN o.oprcanmerge THEN 'MERGES' END, CASE WHEN o.oprcanhash THEN 'HASHES' END) || ')' AS definition
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= 16384 AND o.oprcode <> 0 AND {users} AND {free_pg_operator};

-- name: pg_opfamily.families
SELECT f.oid::int8, 0, 'operator family',
  quote_ident(n.nspname) || '.' || quote_ident(f.opfname) || ' USING ' || quote_ident(m.amname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(f.opfowner)) AS owner
FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod
WHERE f.oid >= 16384 AND {users} AND {free_pg_opfamily};

-- name: pg_opclass.classes
SELECT c.oid::int8, 0, 'operator class',
  quote_ident(n.nspname) || '.' || quote_ident(c.opcname) || ' USING ' || quote_ident(m.amname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(c.opcowner)) AS owner,
  'CREATE OPERATOR CLASS ' || quote_ident(n.nspname) || '.' || quote_ident(c.opcname)
  || CASE WHEN c.opcdefault THEN ' DEFAULT' ELSE '' END || ' FOR TYPE ' || format_type(c.opcintype, NULL)
  || ' USING ' || quote_ident(m.amname) || ' FAMILY ' || quote_ident(fn.nspname) || '.' || quote_ident(f.opfname)
  || ' AS ' AS "#head",
  'STORAGE ' || format_type(coalesce(nullif(c.opckeytype, 0), c.opcintype), NULL) AS "#storage",
  c.opckeytype <> 0 AS "#stores", c.opcfamily::int8 AS "#family"
FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am m ON m.oid = c.opcmethod
JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace
WHERE c.oid >= 16384 AND {users} AND {free_pg_opclass};

-- name: members
SELECT d.classid::regclass::text, d.objid::int8, d.refclassid::regclass::text, d.refobjid::int8, x.text
FROM pg_depend d
JOIN (
  SELECT 'pg_amop'::regclass AS classid, a.oid, 1 AS place, a.amopstrategy AS number,
    'OPERATOR ' || a.amopstrategy || ' ' || quote_ident(n.nspname) || '.' || o.oprname || '('
    || CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END || ', ' || format_type(o.oprright, NULL)
    || ')' || coalesce(' FOR ORDER BY ' || quote_ident(sn.nspname) || '.' || quote_ident(s.opfname), '') AS text
  FROM pg_amop a JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
  LEFT JOIN pg_opfamily s ON s.oid = a.amopsortfamily LEFT JOIN pg_namespace sn ON sn.oid = s.opfnamespace
  WHERE a.oid >= 16384
  UNION ALL
  SELECT 'pg_amproc'::regclass, a.oid, 2, a.amprocnum,
    'FUNCTION ' || a.amprocnum || ' (' || format_type(a.amproclefttype, NULL) || ', ' || format_type(a.amprocrighttype, NULL)
    || ') ' || a.amproc::regprocedure::text
  FROM pg_amproc a WHERE a.oid >= 16384
) x ON x.classid = d.classid AND x.oid = d.objid
WHERE d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass) AND d.deptype IN ('a', 'i')
  AND (d.refclassid = 'pg_opclass'::regclass OR NOT EXISTS (
    SELECT FROM pg_depend c WHERE c.classid = d.classid AND c.objid = d.objid AND c.refclassid = 'pg_opclass'::regclass
      AND c.deptype IN ('a', 'i')))
ORDER BY x.place, x.number, x.text;

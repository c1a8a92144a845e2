-- name: pg_proc.routines
SELECT p.oid::int8, 0, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
  quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '('
    || array_to_string(ARRAY(SELECT format_type(x.oid, NULL)
      FROM unnest(p.proargtypes) WITH ORDINALITY AS x(oid, place) ORDER BY x.place), ', ') || ')' AS name,
  NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(p.proowner)) AS owner,
  CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END AS definition,
  pg_get_function_arguments(p.oid) AS arguments,
  CASE WHEN p.prokind <> 'a' THEN pg_get_function_result(p.oid) END AS returns
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid >= 16384 AND {users} AND {free_pg_proc}
  AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i');

-- name: aggregates
SELECT p.oid::int8, quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' ||
  coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*') || ')',
  concat_ws(', ', 'SFUNC = ' || a.aggtransfn::regproc::text, 'STYPE = ' || format_type(a.aggtranstype, NULL),
    'SSPACE = ' || nullif(a.aggtransspace, 0),
    'FINALFUNC = ' || nullif(a.aggfinalfn, 0)::regproc::text,
    CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
    CASE WHEN a.aggfinalfn <> 0 AND a.aggfinalmodify <> CASE a.aggkind WHEN 'n' THEN 'r'::"char" ELSE 'w'::"char" END
      THEN 'FINALFUNC_MODIFY = '
      || CASE a.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
    'COMBINEFUNC = ' || nullif(a.aggcombinefn, 0)::regproc::text,
    'SERIALFUNC = ' || nullif(a.aggserialfn, 0)::regproc::text,
    'DESERIALFUNC = ' || nullif(a.aggdeserialfn, 0)::regproc::text,
    'INITCOND = ' || quote_literal(a.agginitval),
    'MSFUNC = ' || nullif(a.aggmtransfn, 0)::regproc::text,
    'MINVFUNC = ' || nullif(a.aggminvtransfn, 0)::regproc::text,
    'MSTYPE = ' || format_type(nullif(a.aggmtranstype, 0), NULL),
    'MSSPACE = ' || nullif(a.aggmtransspace, 0),
    'MFINALFUNC = ' || nullif(a.aggmfinalfn, 0)::regproc::text,
    CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
    CASE WHEN a.aggmfinalfn <> 0 AND a.aggmfinalmodify <> CASE a.aggkind WHEN 'n' THEN 'r'::"char" ELSE 'w'::"char" END
      THEN 'MFINALFUNC_MODIFY = '
      || CASE a.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
    'MINITCOND = ' || quote_literal(a.aggminitval),
    CASE WHEN a.aggsortop <> 0 THEN 'SORTOP = OPERATOR(' || quote_ident(os.nspname) || '.' || o.oprname || ')' END,
    CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END,
    CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END)
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_operator o ON o.oid = a.aggsortop LEFT JOIN pg_namespace os ON os.oid = o.oprnamespace
WHERE p.oid >= 16384 AND {users};

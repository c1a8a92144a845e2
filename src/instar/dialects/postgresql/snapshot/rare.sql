-- name: pg_namespace.schemas
SELECT n.oid::int8, 0, 'schema', quote_ident(n.nspname) AS name, NULL::int8 AS pg_class,
  CASE WHEN n.nspname <> 'public' OR n.nspowner NOT IN (10, 6171) THEN quote_ident(pg_get_userbyid(n.nspowner)) END AS owner
FROM pg_namespace n WHERE {users} AND {free_pg_namespace};

-- name: pg_extension.extensions
SELECT e.oid::int8, 0, 'extension', quote_ident(e.extname) AS name, NULL::int8 AS pg_class, quote_ident(n.nspname) AS schema
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.oid >= 16384;

-- name: pg_event_trigger.event_triggers
SELECT t.oid::int8, 0, 'event trigger', quote_ident(t.evtname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(t.evtowner)) AS owner, t.evtevent::text AS event,
  (SELECT string_agg(quote_literal(tag), ', ' ORDER BY place) FROM unnest(t.evttags) WITH ORDINALITY AS x(tag, place)) AS tags,
  t.evtfoid::regproc::text AS function,
  CASE t.evtenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END AS enabled
FROM pg_event_trigger t WHERE {free_pg_event_trigger};

-- name: pg_publication.publications
SELECT p.oid::int8, 0, 'publication', quote_ident(p.pubname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(p.pubowner)) AS owner,
  CASE WHEN p.puballtables THEN 'true' END AS "all tables",
  CASE WHEN NOT (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate) THEN concat_ws(', ',
    CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
    CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) END AS publish,
  {publication}
  ARRAY(SELECT r.oid::int8 FROM pg_publication_rel r WHERE r.prpubid = p.oid ORDER BY 1) AS "#pg_publication_rel"
FROM pg_publication p;

-- name: publication_tables
SELECT r.prpubid::int8, r.prrelid::int8, {publication_table}
FROM pg_publication_rel r;

-- name: publication_schemas
SELECT s.pnpubid::int8, quote_ident(n.nspname) FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid;

-- name: pg_subscription.subscriptions
SELECT s.oid::int8, 0, 'subscription', quote_ident(s.subname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(s.subowner)) AS owner, quote_literal(s.subconninfo) AS connection,
  (SELECT string_agg(quote_ident(p), ', ' ORDER BY p) FROM unnest(s.subpublications) AS p) AS publications,
  coalesce(quote_literal(s.subslotname), 'NONE') AS slot_name,
  CASE WHEN s.subenabled THEN 'true' END AS enabled,
  CASE WHEN s.subsynccommit <> 'off' THEN quote_literal(s.subsynccommit) END AS synchronous_commit,
  {subscription}
  NULL AS "#"
FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database();

-- name: pg_foreign_data_wrapper.wrappers
SELECT w.oid::int8, 0, 'foreign data wrapper', quote_ident(w.fdwname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(w.fdwowner)) AS owner,
  CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regproc::text END AS handler,
  CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regproc::text END AS validator, w.fdwoptions AS "#fdw"
FROM pg_foreign_data_wrapper w WHERE {free_pg_foreign_data_wrapper};

-- name: pg_foreign_server.servers
SELECT s.oid::int8, 0, 'server', quote_ident(s.srvname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(s.srvowner)) AS owner, quote_ident(w.fdwname) AS wrapper,
  quote_literal(s.srvtype) AS type, quote_literal(s.srvversion) AS version, s.srvoptions AS "#fdw"
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE {free_pg_foreign_server};

-- name: pg_user_mapping.mappings
SELECT m.umid::int8, 0, 'user mapping', CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END
  || ' SERVER ' || quote_ident(m.srvname) AS name, m.srvid::int8 AS pg_foreign_server,
  CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END AS role, quote_ident(m.srvname) AS server,
  m.umoptions AS "#fdw"
FROM pg_user_mappings m;

-- name: pg_default_acl.default_privileges
SELECT d.oid::int8, 0, 'default privilege',
  'for role ' || quote_ident(pg_get_userbyid(d.defaclrole)) || coalesce(' in schema ' || quote_ident(n.nspname), '')
    || ' on ' || lower(o.word) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(d.defaclrole)) AS role, quote_ident(n.nspname) AS schema, o.word AS objects
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
CROSS JOIN LATERAL (SELECT CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
  WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS word) o;

-- name: pg_language.languages
SELECT l.oid::int8, 0, 'language', quote_ident(l.lanname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(l.lanowner)) AS owner,
  concat('CREATE', CASE WHEN l.lanpltrusted THEN ' TRUSTED' END, ' LANGUAGE ', quote_ident(l.lanname),
    ' HANDLER ' || nullif(l.lanplcallfoid, 0)::regproc::text, ' INLINE ' || nullif(l.laninline, 0)::regproc::text,
    ' VALIDATOR ' || nullif(l.lanvalidator, 0)::regproc::text) AS definition
FROM pg_language l WHERE l.oid >= 16384 AND l.lanispl AND {free_pg_language};

-- name: pg_transform.transforms
SELECT t.oid::int8, 0, 'transform', 'FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname) AS name,
  NULL::int8 AS pg_class,
  'CREATE TRANSFORM FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname) || ' (' ||
  concat_ws(', ', 'FROM SQL WITH FUNCTION ' || nullif(t.trffromsql, 0)::regprocedure::text,
    'TO SQL WITH FUNCTION ' || nullif(t.trftosql, 0)::regprocedure::text) || ')' AS definition
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE {free_pg_transform};

-- name: pg_am.access_methods
SELECT m.oid::int8, 0, 'access method', quote_ident(m.amname) AS name, NULL::int8 AS pg_class,
  'CREATE ACCESS METHOD ' || quote_ident(m.amname) || ' TYPE ' || CASE m.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END
    || ' HANDLER ' || m.amhandler::regproc::text AS definition
FROM pg_am m WHERE m.oid >= 16384 AND {free_pg_am};

-- name: pg_cast.casts
SELECT c.oid::int8, 0, 'cast',
  '(' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ')' AS name, NULL::int8 AS pg_class,
  'CREATE CAST (' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ') '
  || CASE c.castmethod WHEN 'b' THEN 'WITHOUT FUNCTION' WHEN 'i' THEN 'WITH INOUT'
     ELSE 'WITH FUNCTION ' || c.castfunc::regprocedure::text END
  || CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END AS definition
FROM pg_cast c WHERE c.oid >= 16384 AND {free_pg_cast}
  AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = c.oid AND i.deptype = 'i');

-- name: pg_collation.collations
SELECT c.oid::int8, 0, 'collation', quote_ident(n.nspname) || '.' || quote_ident(c.collname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(c.collowner)) AS owner,
  'CREATE COLLATION ' || quote_ident(n.nspname) || '.' || quote_ident(c.collname) || ' (' || concat_ws(', ',
    'provider = ' || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'd' THEN 'default' ELSE 'libc' END,
    CASE WHEN NOT c.collisdeterministic THEN 'deterministic = false' END,
    {collation}) || ')' AS definition
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE c.oid >= 16384 AND {users} AND {free_pg_collation};

-- name: pg_conversion.conversions
SELECT c.oid::int8, 0, 'conversion', quote_ident(n.nspname) || '.' || quote_ident(c.conname) AS name, NULL::int8 AS pg_class,
  quote_ident(pg_get_userbyid(c.conowner)) AS owner,
  'CREATE ' || CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END || 'CONVERSION ' || quote_ident(n.nspname) || '.'
  || quote_ident(c.conname) || ' FOR ' || quote_literal(pg_encoding_to_char(c.conforencoding)) || ' TO '
  || quote_literal(pg_encoding_to_char(c.contoencoding)) || ' FROM ' || c.conproc::regproc::text AS definition
FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE c.oid >= 16384 AND {users} AND {free_pg_conversion};

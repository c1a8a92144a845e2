-- name: pg_ts_config.configurations
SELECT c.oid::int8, 0, 'text search configuration', quote_ident(n.nspname) || '.' || quote_ident(c.cfgname) AS name,
  NULL::int8 AS pg_class, quote_ident(pg_get_userbyid(c.cfgowner)) AS owner,
  quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) AS parser
FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace
WHERE c.oid >= 16384 AND {users} AND {free_pg_ts_config};

-- name: mappings
SELECT m.mapcfg::int8, 'mapping ' || t.alias,
  string_agg(quote_ident(n.nspname) || '.' || quote_ident(d.dictname), ', ' ORDER BY m.mapseqno)
FROM pg_ts_config c JOIN pg_ts_config_map m ON m.mapcfg = c.oid
JOIN pg_ts_dict d ON d.oid = m.mapdict JOIN pg_namespace n ON n.oid = d.dictnamespace
CROSS JOIN LATERAL (SELECT k.alias FROM ts_token_type(c.cfgparser) k WHERE k.tokid = m.maptokentype) t
WHERE c.oid >= 16384
GROUP BY m.mapcfg, t.alias;

-- name: pg_ts_dict.dictionaries
SELECT d.oid::int8, 0, 'text search dictionary', quote_ident(n.nspname) || '.' || quote_ident(d.dictname) AS name,
  NULL::int8 AS pg_class, quote_ident(pg_get_userbyid(d.dictowner)) AS owner,
  quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) AS template, d.dictinitoption AS options
FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
WHERE d.oid >= 16384 AND {users} AND {free_pg_ts_dict};

-- name: pg_ts_parser.parsers
SELECT p.oid::int8, 0, 'text search parser', quote_ident(n.nspname) || '.' || quote_ident(p.prsname) AS name,
  NULL::int8 AS pg_class,
  'CREATE TEXT SEARCH PARSER ' || quote_ident(n.nspname) || '.' || quote_ident(p.prsname) || ' (' || concat_ws(', ',
    'START = ' || p.prsstart::regproc::text, 'GETTOKEN = ' || p.prstoken::regproc::text, 'END = ' || p.prsend::regproc::text,
    'HEADLINE = ' || nullif(p.prsheadline, 0)::regproc::text, 'LEXTYPES = ' || p.prslextype::regproc::text) || ')' AS definition
FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace
WHERE p.oid >= 16384 AND {users} AND {free_pg_ts_parser};

-- name: pg_ts_template.templates
SELECT t.oid::int8, 0, 'text search template', quote_ident(n.nspname) || '.' || quote_ident(t.tmplname) AS name,
  NULL::int8 AS pg_class,
  'CREATE TEXT SEARCH TEMPLATE ' || quote_ident(n.nspname) || '.' || quote_ident(t.tmplname) || ' (' || concat_ws(', ',
    'INIT = ' || nullif(t.tmplinit, 0)::regproc::text, 'LEXIZE = ' || t.tmpllexize::regproc::text) || ')' AS definition
FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace
WHERE t.oid >= 16384 AND {users} AND {free_pg_ts_template};

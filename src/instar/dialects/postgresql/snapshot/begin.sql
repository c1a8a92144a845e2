-- name: place
SELECT pg_catalog.quote_ident(coalesce(nullif(%s, ''), pg_catalog.current_schema())),
  pg_catalog.quote_ident(%s), pg_catalog.quote_ident(%s);

-- name: settings
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
  pg_catalog.set_config('quote_all_identifiers', 'off', true),
  pg_catalog.set_config('standard_conforming_strings', 'on', true),
  pg_catalog.set_config('datestyle', 'ISO, YMD', true),
  pg_catalog.set_config('intervalstyle', 'postgres', true),
  pg_catalog.set_config('timezone', 'UTC', true),
  pg_catalog.set_config('extra_float_digits', '3', true),
  pg_catalog.set_config('bytea_output', 'hex', true),
  pg_catalog.set_config('lc_monetary', 'C', true),
  pg_catalog.set_config('jit', 'off', true),
  pg_catalog.set_config('max_parallel_workers_per_gather', '0', true);

-- name: census
SELECT ARRAY(SELECT DISTINCT d.classid::regclass::text FROM pg_depend d
             WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.objid >= 16384),
  ARRAY(SELECT name FROM (
    SELECT 'types.ranges', EXISTS (SELECT FROM pg_range WHERE rngtypid >= 16384)
    UNION ALL SELECT 'types.types', EXISTS (
      SELECT FROM pg_type t WHERE t.oid >= 16384 AND (t.typtype IN ('e', 'd') OR NOT t.typisdefined
        OR t.typtype = 'b' AND (t.typelem = 0 OR t.typcategory <> 'A')
        OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')))
    UNION ALL
    SELECT 'rare.event_triggers', EXISTS (SELECT FROM pg_event_trigger)
    UNION ALL SELECT 'rare.publications', EXISTS (SELECT FROM pg_publication)
    UNION ALL SELECT 'rare.subscriptions', EXISTS (
      SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database())
      AND has_column_privilege('pg_subscription', 'subconninfo', 'SELECT')
    UNION ALL SELECT 'rare.wrappers', EXISTS (SELECT FROM pg_foreign_data_wrapper)
    UNION ALL SELECT 'rare.servers', EXISTS (SELECT FROM pg_foreign_server)
    UNION ALL SELECT 'rare.mappings', EXISTS (SELECT FROM pg_user_mappings)
    UNION ALL SELECT 'rare.default_privileges', EXISTS (SELECT FROM pg_default_acl)
    UNION ALL SELECT 'rare.languages', EXISTS (SELECT FROM pg_language WHERE oid >= 16384)
    UNION ALL SELECT 'rare.transforms', EXISTS (SELECT FROM pg_transform)
    UNION ALL SELECT 'rare.access_methods', EXISTS (SELECT FROM pg_am WHERE oid >= 16384)
    UNION ALL SELECT 'rare.casts', EXISTS (SELECT FROM pg_cast WHERE oid >= 16384)
    UNION ALL SELECT 'rare.collations', EXISTS (SELECT FROM pg_collation WHERE oid >= 16384)
    UNION ALL SELECT 'rare.conversions', EXISTS (SELECT FROM pg_conversion WHERE oid >= 16384)
    UNION ALL SELECT 'operators.operators', EXISTS (SELECT FROM pg_operator WHERE oid >= 16384)
    UNION ALL SELECT 'operators.families', EXISTS (SELECT FROM pg_opfamily WHERE oid >= 16384)
    UNION ALL SELECT 'operators.classes', EXISTS (SELECT FROM pg_opclass WHERE oid >= 16384)
    UNION ALL SELECT 'search.configurations', EXISTS (SELECT FROM pg_ts_config WHERE oid >= 16384)
    UNION ALL SELECT 'search.dictionaries', EXISTS (SELECT FROM pg_ts_dict WHERE oid >= 16384)
    UNION ALL SELECT 'search.parsers', EXISTS (SELECT FROM pg_ts_parser WHERE oid >= 16384)
    UNION ALL SELECT 'search.templates', EXISTS (SELECT FROM pg_ts_template WHERE oid >= 16384)
    UNION ALL SELECT 'relations.statistics', EXISTS (SELECT FROM pg_statistic_ext)
    UNION ALL SELECT 'relations.policies', EXISTS (SELECT FROM pg_policy)
    UNION ALL SELECT 'marks.labels', EXISTS (SELECT FROM pg_seclabel)
  ) AS census(name, there) WHERE there),
  ARRAY(SELECT relname::text FROM pg_class
    WHERE oid < 16384 AND relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' ORDER BY oid),
  ARRAY(SELECT oid::int8 FROM pg_class
    WHERE oid < 16384 AND relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' ORDER BY oid);

"""What the catalog queries say differently on each major version of the server (12 to 18)."""

from collections.abc import Iterable, Mapping

from instar.dialects import _named

_CATALOGS = {
    "pg_am": "m",
    "pg_cast": "c",
    "pg_class": "c",
    "pg_collation": "c",
    "pg_conversion": "c",
    "pg_event_trigger": "t",
    "pg_foreign_data_wrapper": "w",
    "pg_foreign_server": "s",
    "pg_language": "l",
    "pg_namespace": "n",
    "pg_opclass": "c",
    "pg_operator": "o",
    "pg_opfamily": "f",
    "pg_proc": "p",
    "pg_transform": "t",
    "pg_ts_config": "c",
    "pg_ts_dict": "d",
    "pg_ts_parser": "p",
    "pg_ts_template": "t",
    "pg_type": "t",
}
_MEMBER = (
    "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = {alias}.oid"
    " AND e.deptype = 'e')"
)
_NOT_NULL = """nn.conislocal AS "#local", nn.conname::text AS "#constraint",
  CASE WHEN nn.conname <> c.relname || '_' || a.attname || '_not_null' THEN quote_ident(nn.conname) END
    AS "not null name",
  CASE WHEN nn.connoinherit THEN 'true' END AS "not null no inherit",
  CASE WHEN NOT nn.convalidated THEN 'true' END AS "not null not valid", nn.oid::int8 AS "#pg_constraint","""
_NOT_NULL_JOIN = """LEFT JOIN pg_constraint nn
  ON nn.contype = 'n' AND nn.conrelid = a.attrelid AND a.attnotnull AND nn.conkey = ARRAY[a.attnum]"""
_DOMAIN = """CASE WHEN nn.conname <> t.typname || '_not_null' THEN quote_ident(nn.conname) END AS "not null name",
  nn.oid::int8 AS "#pg_constraint","""
_DOMAIN_JOIN = "LEFT JOIN pg_constraint nn ON nn.contype = 'n' AND nn.contypid = t.oid"
_COMPRESSION = "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END"
_CLONED_FROM = """(SELECT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
  AND d.refclassid = 'pg_trigger'::regclass LIMIT 1)"""
_COLUMNS = """CASE WHEN r.prattrs IS NOT NULL THEN (
    SELECT '(' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')'
    FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) END"""
_FILTER = "'WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')'"
_SUBSCRIPTION = (
    (14, "CASE WHEN s.subbinary THEN 'true' END AS binary,"),
    (14, "CASE s.substream::text WHEN 'p' THEN 'parallel' WHEN 't' THEN 'on' WHEN 'true' THEN 'on' END AS streaming,"),
    (15, "CASE WHEN s.subtwophasestate <> 'd' THEN 'true' END AS two_phase,"),
    (15, "CASE WHEN s.subdisableonerr THEN 'true' END AS disable_on_error,"),
    (16, "CASE WHEN NOT s.subpasswordrequired THEN 'false' END AS password_required,"),
    (16, "CASE WHEN s.subrunasowner THEN 'true' END AS run_as_owner,"),
    (16, "CASE WHEN s.suborigin <> 'any' THEN s.suborigin END AS origin,"),
    (17, "CASE WHEN s.subfailover THEN 'true' END AS failover,"),
)
_MULTIRANGE = (
    """format_type(r.rngmultitypid, NULL) AS multirange_type_name, r.rngmultitypid::int8 AS "#pg_type.multi","""
)
_SUBSCRIPT = "'SUBSCRIPT = ' || nullif(t.typsubscript, 0)::regproc::text,"
_BASE = """CASE WHEN NOT t.typisdefined THEN 'CREATE TYPE ' || quote_ident(n.nspname) || '.' || quote_ident(t.typname)
    ELSE 'CREATE TYPE ' || quote_ident(n.nspname) || '.' || quote_ident(t.typname) || ' (' || concat_ws(', ',
    'INPUT = ' || t.typinput::regproc::text, 'OUTPUT = ' || t.typoutput::regproc::text,
    'RECEIVE = ' || nullif(t.typreceive, 0)::regproc::text, 'SEND = ' || nullif(t.typsend, 0)::regproc::text,
    'TYPMOD_IN = ' || nullif(t.typmodin, 0)::regproc::text, 'TYPMOD_OUT = ' || nullif(t.typmodout, 0)::regproc::text,
    'ANALYZE = ' || nullif(t.typanalyze, 0)::regproc::text, {subscript}
    'INTERNALLENGTH = ' || CASE t.typlen WHEN -1 THEN 'VARIABLE' ELSE t.typlen::text END,
    CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,
    'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double' END,
    'STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main'
      ELSE 'extended' END,
    CASE WHEN t.typcategory <> 'U' THEN 'CATEGORY = ' || quote_literal(t.typcategory::text) END,
    CASE WHEN t.typispreferred THEN 'PREFERRED = true' END,
    'DEFAULT = ' || quote_literal(t.typdefault),
    CASE WHEN t.typelem <> 0 THEN 'ELEMENT = ' || format_type(t.typelem, NULL) END,
    CASE WHEN t.typdelim <> ',' THEN 'DELIMITER = ' || quote_literal(t.typdelim::text) END,
    CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END) || ')' END"""


def fields(version: int, internal: str, extended: Iterable[str]) -> Mapping[str, str]:
    """Return what fills the `{name}` of the queries.

    `internal` is the schema that is ours; `extended` are the catalogs in which extensions have members.
    """
    users = f"n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', {_named.literal(internal)})"
    found = {"users": users}
    members = frozenset(extended)
    for catalog, alias in _CATALOGS.items():
        has = catalog in members
        found[f"free_{catalog}"] = _MEMBER.format(catalog=catalog, alias=alias) if has else "true"
    return found | _tables(version) | _types(version) | _replication(version) | {"collation": _collation(version)}


def _since(first: int, version: int, text: str, before: str = "") -> str:
    """Return what is said from the major version `first` on, `before` on older servers."""
    return text if version >= first else before


def _tables(version: int) -> dict[str, str]:
    target = "CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text END"
    return {
        "not_null": _since(18, version, _NOT_NULL),
        "not_null_join": _since(18, version, _NOT_NULL_JOIN),
        "not_enforced": _since(18, version, "CASE WHEN NOT k.conenforced THEN 'true' END", "NULL::text"),
        "compression": _since(14, version, _COMPRESSION, "NULL::text"),
        "trigger_parent": _since(13, version, "t.tgparentid", _CLONED_FROM),
        "statistics_target": _since(13, version, target, "NULL::text"),
    }


def _types(version: int) -> dict[str, str]:
    return {
        "domain_not_null": _since(17, version, _DOMAIN),
        "domain_not_null_join": _since(17, version, _DOMAIN_JOIN),
        "base": _BASE.format(subscript=_since(14, version, _SUBSCRIPT)),
        "multirange": _since(14, version, _MULTIRANGE),
    }


def _replication(version: int) -> dict[str, str]:
    root = "CASE WHEN p.pubviaroot THEN 'true' END AS publish_via_partition_root,"
    generated = "CASE p.pubgencols WHEN 's' THEN 'stored' END AS publish_generated_columns,"
    return {
        "publication": _since(13, version, root) + _since(18, version, generated),
        "publication_table": _since(15, version, f"concat_ws(' ', {_COLUMNS}, {_FILTER})", "''::text"),
        "subscription": " ".join(_since(first, version, text) for first, text in _SUBSCRIPTION),
    }


def _collation(version: int) -> str:
    parts = ["'lc_collate = ' || quote_literal(c.collcollate)", "'lc_ctype = ' || quote_literal(c.collctype)"]
    locale = _since(17, version, "c.colllocale", _since(15, version, "c.colliculocale"))
    if locale:
        parts.append(f"'locale = ' || quote_literal({locale})")
    rules = _since(16, version, "'rules = ' || quote_literal(c.collicurules)")
    return ", ".join([*parts, *([rules] if rules else [])])

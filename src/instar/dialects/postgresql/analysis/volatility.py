"""Functions of PostgreSQL, and of extensions that everybody has, by whether each call gives another value."""


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


VOLATILE = _set(
    """
    clock_timestamp currval gen_random_bytes gen_random_uuid gen_salt lastval nextval pg_advisory_lock
    pg_advisory_lock_shared pg_advisory_xact_lock pg_current_logfile pg_current_wal_flush_lsn
    pg_current_wal_insert_lsn pg_current_wal_lsn pg_database_size pg_indexes_size pg_is_in_recovery
    pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_notify pg_read_file pg_relation_size pg_sleep pg_sleep_for
    pg_sleep_until pg_table_size pg_total_relation_size pg_try_advisory_lock pg_try_advisory_xact_lock random
    random_normal set_config setseed setval timeofday txid_status uuid_generate_v1 uuid_generate_v1mc
    uuid_generate_v4 uuidv4 uuidv7
    """
)
CALM = _set(
    """
    abs acos acosd age area armor array_append array_cat array_dims array_fill array_length array_lower array_ndims
    array_position array_positions array_prepend array_remove array_replace array_sample array_shuffle array_to_json
    array_to_string array_to_tsvector array_upper ascii asin asind atan atan2 atan2d atand bit_count bit_length bool
    box bpchar btrim cardinality casefold cbrt ceil ceiling center char char_length character_length chr cidr circle
    citext coalesce concat concat_ws convert convert_from convert_to cos cosd cosh cot cotd crc32 crc32c crypt
    current_catalog current_database current_role current_schema current_schemas current_setting current_user date
    date_add date_bin date_part date_subtract date_trunc datemultirange daterange decode degrees diagonal diameter
    digest div encode enum_first enum_last enum_range erf erfc exp extract factorial family float4 float8 floor
    format format_type gamma gcd get_bit get_byte get_current_ts_config greatest height hmac host hostmask hstore
    inet_client_addr inet_client_port inet_merge inet_same_family inet_server_addr inet_server_port initcap int2
    int4 int4multirange int4range int8 int8multirange int8range interval isclosed isempty isfinite json_array_length
    json_build_array json_build_object json_extract_path json_extract_path_text json_object json_strip_nulls
    json_typeof jsonb jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_extract_path
    jsonb_extract_path_text jsonb_insert jsonb_object jsonb_path_exists jsonb_path_match jsonb_path_query_array
    jsonb_path_query_first jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_typeof justify_days
    justify_hours justify_interval lcm least left length lgamma line ln log log10 lower lower_inc lower_inf lpad
    lseg ltree ltrim macaddr make_date make_interval make_time make_timestamp make_timestamptz masklen md5 min_scale
    mod money multirange name netmask network normalize now nullif numeric nummultirange numnode numrange
    obj_description octet_length oid overlay parse_ident path pg_backend_pid pg_client_encoding pg_column_size
    pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned pg_get_serial_sequence pg_my_temp_schema
    pg_postmaster_start_time pg_typeof phraseto_tsquery pi plainto_tsquery point polygon popen position pow power
    quote_ident quote_literal quote_nullable radians radius range_merge regexp_count regexp_instr regexp_like
    regexp_match regexp_replace regexp_split_to_array regexp_substr repeat replace reverse right round row_to_json
    rpad rtrim scale session_user set_bit set_byte set_masklen setweight sha224 sha256 sha384 sha512 sign
    similar_to_escape sin sind sinh slope split_part sqrt st_geomfromtext st_makepoint st_point st_setsrid
    starts_with statement_timestamp string_to_array strip strpos substr substring tan tand tanh text text2ltree
    textcat time timestamp timestamptz timetz timezone to_ascii to_bin to_char to_date to_hex to_json to_jsonb
    to_number to_oct to_regclass to_regtype to_timestamp to_tsquery to_tsvector transaction_timestamp translate
    trim_array trim_scale trunc ts_delete ts_filter tsmultirange tsquery_phrase tsrange tstzmultirange tstzrange
    txid_current txid_current_if_assigned txid_current_snapshot unaccent unistr unnest upper upper_inc upper_inf
    uuid_extract_timestamp uuid_extract_version uuid_generate_v3 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_oid
    uuid_ns_url uuid_ns_x500 varbit varchar version websearch_to_tsquery width width_bucket xid xml xmlcomment xpath
    xpath_exists
    """
)
"""Immutable and stable ones: the server computes them once, before the table is touched."""
EXTENSION_TYPES = _set(
    """
    box2d box3d citext cube ean13 geography geometry halfvec hstore intarray isbn isbn13 ismn issn lo lquery ltree
    ltxtquery raster seg semver sparsevec ulid upc vector
    """
)
"""Types of well-known extensions; none of them is a domain."""

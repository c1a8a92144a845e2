"""What the analysis of ALTER TABLE says when little is known, and what it leaves in the model."""

import psycopg
import pytest
from alter_truth import learned, observed

from instar.catalog import ConstraintKind, Schema
from instar.dialects import load
from instar.effects import Change, Effect, LockMode, Verdict, WorkKind, verdict


def analysed(text: str, schema: Schema | None = None) -> Effect:
    return load("postgresql").analyse(text, schema or load("postgresql").schema())


def only(text: str, setup: str = "") -> Change:
    changes = analysed(text, learned(setup)).changes
    assert len(changes) == 1
    return changes[0]


def unknowns(text: str, setup: str = "") -> list[str]:
    return [item.unknown for item in analysed(text, learned(setup)).work if item.unknown]


@pytest.mark.parametrize(
    ("statement", "fact"),
    [
        ("ALTER TABLE users ALTER name TYPE varchar(100)", "the old type of users.name"),
        ("ALTER TABLE users ALTER name SET NOT NULL", "whether a validated CHECK proves users.name IS NOT NULL"),
        ("ALTER TABLE users ADD a int DEFAULT next_number()", "the volatility of next_number()"),
        ("ALTER TABLE users ADD a app.amount", "whether app.amount is a domain with a constraint"),
        ("ALTER TABLE users ADD PRIMARY KEY USING INDEX i", "whether the columns of i are NOT NULL"),
        ("ALTER TABLE users ALTER g SET EXPRESSION AS (a + 1)", "whether users.g is stored"),
        ("ALTER TABLE users SET ACCESS METHOD heap", "the access method of users"),
        ("ALTER DOMAIN amount SET NOT NULL", "which tables have columns of type amount"),
    ],
)
def test_an_unknown_names_the_fact_that_decides(statement: str, fact: str) -> None:
    assert unknowns(statement) == [fact]


def test_the_time_zone_decides_between_the_two_kinds_of_timestamp() -> None:
    setup = "CREATE TABLE events (at timestamp)"
    statement = "ALTER TABLE events ALTER at TYPE timestamptz"
    assert unknowns(statement, setup) == ["the TimeZone of the session that runs it"]
    schema = learned(setup)
    for zone, expected in (("UTC", Verdict.SHORT), ("Europe/Berlin", Verdict.LONG)):
        schema.timezone = zone
        assert verdict(analysed(statement, schema)) is expected


def test_a_known_type_of_an_incomplete_table_leaves_its_indexes_and_checks_open() -> None:
    facts = unknowns("ALTER TABLE orders ALTER note TYPE text", "ALTER TABLE orders ADD note varchar(50)")
    assert facts == [
        "whether an expression or partial index stands on orders.note",
        "whether a CHECK stands on orders.note",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE orders ADD CHECK (total > 0)",
        "ALTER TABLE orders ADD UNIQUE (total)",
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users",
        "ALTER TABLE orders ADD COLUMN id bigserial",
        "ALTER TABLE orders ALTER a TYPE int USING length(a)",
        "ALTER TABLE orders SET UNLOGGED",
    ],
)
def test_what_is_long_for_certain_is_not_unknown(statement: str) -> None:
    assert unknowns(statement) == []
    assert verdict(analysed(statement)) is Verdict.LONG


@pytest.mark.parametrize(
    ("default", "writes"),
    [
        ("now()", False),
        ("CURRENT_TIMESTAMP", False),
        ("'{}'::jsonb", False),
        ("lower('A') || md5('b')", False),
        ("pg_catalog.now()", False),
        ("clock_timestamp()", True),
        ("(random() * 10)::int", True),
        ("md5(random()::text)", True),
        ("uuid_generate_v4()", True),
        ("stable_one()", False),
        ("volatile_one()", True),
        ("inlined()", False),
        ("inlined_volatile()", True),
    ],
)
def test_only_a_volatile_default_writes_the_table(default: str, writes: bool) -> None:  # noqa: FBT001 - a case
    setup = """
    CREATE FUNCTION stable_one() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 1; END $$;
    CREATE FUNCTION volatile_one() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
    CREATE FUNCTION inlined() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
    CREATE FUNCTION inlined_volatile() RETURNS float8 LANGUAGE sql AS 'SELECT random()';
    CREATE TABLE t (id int);
    """
    change = only(f"ALTER TABLE t ADD COLUMN c text DEFAULT {default}", setup)
    assert [item.kind for item in change.work] == ([WorkKind.REWRITE] if writes else [])
    assert bool(change.cleared) is not writes


def test_each_subcommand_is_a_change_with_its_place_in_the_text() -> None:
    text = (
        "ALTER TABLE ONLY \"Ä\".t ADD COLUMN a text DEFAULT 'x,(y' /* , */ , DROP b -- , \n, ALTER c TYPE numeric(10,2)"
    )
    changes = analysed(text).changes
    assert [text[item.start : item.end] for item in changes] == [
        "ADD COLUMN a text DEFAULT 'x,(y'",
        "DROP b",
        "ALTER c TYPE numeric(10,2)",
    ]
    assert all(item.relation == "Ä.t" and "only" in item.flags for item in changes)


def test_the_strongest_lock_counts_for_the_statement_and_its_own_for_each_change() -> None:
    setup = "CREATE TABLE t (a int, b int); ALTER TABLE t ADD CONSTRAINT d CHECK (b > 0) NOT VALID"
    effect = analysed("ALTER TABLE t VALIDATE CONSTRAINT d, DROP COLUMN a", learned(setup))
    assert [lock.mode for lock in effect.locks] == [LockMode.ACCESS_EXCLUSIVE]
    assert effect.changes[0].locks[0].mode is LockMode.SHARE_UPDATE_EXCLUSIVE


def test_constraints_inside_add_column_are_changes_of_their_own() -> None:
    text = "ALTER TABLE t ADD COLUMN a int CONSTRAINT c CHECK (a > 0) REFERENCES p (id) ON DELETE CASCADE"
    changes = analysed(text).changes
    assert [(item.kind, item.name) for item in changes] == [
        ("add column", "a"),
        ("add constraint", "c"),
        ("add constraint", "t_a_fkey"),
    ]
    assert changes[2].constraint is not None
    assert (changes[2].constraint.on_delete, changes[2].work) == ("cascade", ())


@pytest.mark.parametrize(
    ("statement", "version", "message"),
    [
        ("ALTER TABLE t ALTER a SET EXPRESSION AS (1)", 16, "PostgreSQL 16 does not know SET EXPRESSION"),
        ("ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID", 17, "PostgreSQL 17 does not know NOT NULL as a"),
        ("ALTER TABLE t SET ACCESS METHOD heap", 14, "PostgreSQL 14 does not know SET ACCESS METHOD"),
        ("ALTER TABLE t ADD a int", 18, 'column "a" of relation "t" already exists'),
        ("ALTER TABLE t DROP b", 18, 'column "b" of relation "t" does not exist'),
        ("ALTER TABLE t ALTER a TYPE jsonb", 18, 'column "a" cannot be cast automatically to type jsonb'),
        ("ALTER TABLE t ADD PRIMARY KEY (a)", 18, 'multiple primary keys for table "t" are not allowed'),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1)", 18, 'constraint "c" for relation "t" already exists'),
    ],
)
def test_what_the_server_refuses_is_an_error(statement: str, version: int, message: str) -> None:
    schema = learned("CREATE TABLE t (a int PRIMARY KEY CONSTRAINT c CHECK (a > 0))", version)
    schema.complete = True
    assert analysed(statement, schema).error.startswith(message)


def test_a_replayed_model_does_not_say_that_something_is_missing_or_there_when_it_may_be_otherwise() -> None:
    for before in ("ALTER TABLE t ADD a int", "CREATE TABLE t (a int); CREATE EXTENSION x"):
        schema = learned(before)
        for statement in ("ALTER TABLE t ADD a int", "ALTER TABLE t DROP b", "ALTER TABLE t ALTER b SET NOT NULL"):
            assert analysed(statement, schema).error == ""
    assert "already exists" in analysed("ALTER TABLE t ADD a int", learned("CREATE TABLE t (a int)")).error


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ("ALTER TABLE o ALTER p TYPE text", True),
        ("ALTER TABLE p ALTER id TYPE text", True),
        ("ALTER TABLE p ALTER id TYPE bigint", False),
        ("ALTER TABLE o ADD CONSTRAINT f FOREIGN KEY (t) REFERENCES p", True),
        ("ALTER TABLE o ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES p", False),
    ],
)
def test_a_foreign_key_joins_only_what_can_be_compared(statement: str, refused: bool, postgres: str) -> None:  # noqa: FBT001 - a case
    setup = "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE o (p int CONSTRAINT f0 REFERENCES p, t text, n int8);"
    with psycopg.connect(postgres) as connection:
        connection.execute(setup.encode())
        connection.commit()
        seen = observed(connection, statement)
    assert analysed(statement, learned(setup)).error == seen.error
    assert bool(seen.error) is refused


def test_a_constraint_of_unknown_kind_says_so() -> None:
    assert "unknown kind" in only("ALTER TABLE t DROP CONSTRAINT c").flags


def test_the_model_keeps_columns_and_types() -> None:
    table = learned("""
        CREATE TABLE t (a varchar(50) COLLATE "C", b int);
        ALTER TABLE t ADD c timestamptz(3) NOT NULL DEFAULT now(), ALTER a TYPE text, DROP b;
        ALTER TABLE t ALTER c DROP NOT NULL, ALTER c SET DEFAULT 'epoch' , ALTER a SET DEFAULT 'x';
    """).tables["t"]
    assert [(c.name, c.type, c.nullable, c.default, c.collation) for c in table.columns] == [
        ("a", "text", True, "'x'", ""),
        ("c", "timestamptz(3)", True, "'epoch'", ""),
    ]


def test_the_model_names_constraints_as_the_server_does(postgres: str) -> None:
    long = "a_table_whose_name_is_so_long_that_names_of_constraints_are_cut"
    setup = f"""
        CREATE TABLE p (id int PRIMARY KEY);
        CREATE TABLE {long} (id int, a int UNIQUE, b int, "a column with a very long name as well" int CHECK (b > 0));
        ALTER TABLE {long} ADD PRIMARY KEY (id), ADD UNIQUE (a, b), ADD CHECK (a > 0), ADD CHECK (a > 1),
            ADD CHECK (a > b), ADD FOREIGN KEY (a) REFERENCES p NOT VALID, ADD UNIQUE (b) INCLUDE (id),
            ADD COLUMN c int REFERENCES p CHECK (c > 1), ADD CHECK ("a column with a very long name as well" > 1),
            ADD EXCLUDE USING btree (a WITH =, (b + 1) WITH =);
    """
    table = learned(setup).tables[long]
    with psycopg.connect(postgres) as connection:
        connection.execute(setup.encode())
        found = connection.execute(
            "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 'n'", (long,)
        ).fetchall()
    assert sorted((item.name, item.validated) for item in table.constraints) == sorted(found)
    assert {item.name for item in table.indexes} == {item.index for item in table.constraints if item.index}


def test_the_model_validates_and_drops() -> None:
    schema = learned("""
        CREATE TABLE p (id int PRIMARY KEY);
        CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, p int REFERENCES p);
        ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;
        ALTER TABLE t VALIDATE CONSTRAINT c;
    """)
    assert only_work(schema, "ALTER TABLE t ALTER a SET NOT NULL") == []
    learn(schema, "ALTER TABLE t DROP COLUMN a")
    learn(schema, "ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE")
    assert [item.name for item in schema.tables["t"].constraints] == ["t_pkey"]
    assert [item.name for item in schema.tables["t"].indexes] == ["t_pkey"]
    assert list(schema.referencing("p")) == []


def test_the_model_follows_an_index_that_becomes_a_constraint() -> None:
    schema = learned("""
        CREATE TABLE t (a int);
        CREATE UNIQUE INDEX i ON t (a);
        ALTER TABLE t ADD CONSTRAINT t_pk PRIMARY KEY USING INDEX i;
    """)
    table = schema.tables["t"]
    assert [(item.name, item.primary, item.constraint) for item in table.indexes] == [("t_pk", True, "t_pk")]
    assert table.columns[0].nullable is False
    assert [item.kind for item in table.constraints] == [ConstraintKind.PRIMARY_KEY]


def test_the_model_gives_partitions_what_their_parent_gets() -> None:
    schema = learned("""
        CREATE TABLE pt (id int, r int) PARTITION BY RANGE (r);
        CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (10);
        ALTER TABLE pt ADD COLUMN a text, ADD UNIQUE (id, r), ADD CHECK (id > 0);
        ALTER TABLE pt ALTER COLUMN a SET NOT NULL;
    """)
    child = schema.tables["pt1"]
    column = child.column("a")
    assert column is not None
    assert column.nullable is False
    assert {item.kind for item in child.constraints} == {ConstraintKind.UNIQUE, ConstraintKind.CHECK}
    assert len(child.indexes) == 1


def test_the_model_counts_the_constraints_of_a_domain() -> None:
    schema = learned("CREATE DOMAIN d AS int; CREATE DOMAIN e AS d; CREATE TABLE t (a e);")
    assert only_work(schema, "ALTER TABLE t ADD b d") == []
    learn(schema, "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID")
    assert only_work(schema, "ALTER TABLE t ADD b e") == [WorkKind.REWRITE]
    assert analysed("ALTER DOMAIN d VALIDATE CONSTRAINT c", schema).locks[0].mode is LockMode.SHARE
    learn(schema, "ALTER DOMAIN d DROP CONSTRAINT c")
    assert only_work(schema, "ALTER TABLE t ADD b e") == []


def learn(schema: Schema, text: str) -> None:
    load("postgresql").learn(analysed(text, schema), schema, "2")


def only_work(schema: Schema, text: str) -> list[WorkKind]:
    return [item.kind for item in analysed(text, schema).work]

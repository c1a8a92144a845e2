"""What is said of new tables, columns and indexes, and of which nothing is said."""

import pytest
from rule_findings import found, one, rules

from instar.model import Severity

NAMES = {"naming-file", "naming-table", "unnamed-constraint"}
USERS = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));"

STANDARDS = [
    """CREATE TABLE users (
    id BIGSERIAL PRIMARY KEY,
    email VARCHAR(255) NOT NULL UNIQUE,
    first_name VARCHAR(100),
    last_name VARCHAR(100),
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
CREATE INDEX idx_users_email ON users(email);
""",
    """CREATE TABLE user_preferences (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    preference_key VARCHAR(100) NOT NULL,
    preference_value TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    UNIQUE(user_id, preference_key)
);
CREATE INDEX idx_user_preferences_user_id ON user_preferences(user_id);
CREATE INDEX idx_user_preferences_key ON user_preferences(preference_key);
""",
    """CREATE TABLE audit_logs (
    id BIGSERIAL PRIMARY KEY,
    table_name VARCHAR(100) NOT NULL,
    record_id BIGINT NOT NULL,
    action VARCHAR(10) NOT NULL,
    changes JSONB,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
""",
    """CREATE TABLE user_sessions (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    session_token VARCHAR(255) NOT NULL UNIQUE,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    last_accessed_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
CREATE INDEX idx_user_sessions_user_id ON user_sessions(user_id);
CREATE INDEX idx_user_sessions_token ON user_sessions(session_token);
CREATE INDEX idx_user_sessions_expires_at ON user_sessions(expires_at);
""",
    """CREATE TABLE schema_migrations (
    version VARCHAR(20) PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    execution_time_ms INTEGER,
    rollback_available BOOLEAN DEFAULT false
);
""",
    "ALTER TABLE users ADD COLUMN phone_number VARCHAR(20);",
    "ALTER TABLE users ADD COLUMN email_verified_at TIMESTAMP WITH TIME ZONE;",
    "ALTER TABLE users ADD COLUMN last_login_ip INET;",
    "CREATE INDEX CONCURRENTLY idx_users_email_lower ON users(LOWER(email));",
    "DROP INDEX CONCURRENTLY IF EXISTS idx_old_unused_index;",
    "ALTER TABLE users ADD CONSTRAINT chk_users_email CHECK (email <> '') NOT VALID;",
]


@pytest.mark.parametrize("text", STANDARDS)
def test_the_schema_of_the_standards_is_clean(text: str) -> None:
    assert not rules(text, after="" if "TABLE users (" in text else USERS) - NAMES - {"fk-locks-parent"}


ORDERS = """CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL,
    CONSTRAINT fk_orders_user_id FOREIGN KEY (user_id) REFERENCES users (id){more}
);
"""


@pytest.mark.parametrize(
    "more",
    [
        "CREATE INDEX idx_orders_user_id ON orders (user_id);",
        "CREATE INDEX idx_orders_user_id_id ON orders (user_id, id);",
        "CREATE INDEX idx_orders_user_id ON orders (user_id) WHERE user_id IS NOT NULL;",
        "ALTER TABLE orders ADD CONSTRAINT uk_orders_user_id UNIQUE (user_id);",
        "DROP TABLE orders;",
    ],
)
def test_an_index_that_comes_later_serves_the_foreign_key(more: str) -> None:
    assert "fk-without-index" in rules(ORDERS.format(more=""), after=USERS)
    assert "fk-without-index" not in rules(ORDERS.format(more="") + more, after=USERS)


def test_a_partial_index_does_not_serve_the_foreign_key() -> None:
    text = ORDERS.format(more="") + "CREATE INDEX idx_orders_user_id ON orders (user_id) WHERE id > 100;"
    assert "fk-without-index" in rules(text, after=USERS)


def test_the_primary_key_serves_a_foreign_key_that_it_begins_with() -> None:
    text = """CREATE TABLE memberships (
    user_id bigint REFERENCES users (id), team bigint, PRIMARY KEY (user_id, team)
);
"""
    assert "fk-without-index" not in rules(text, after=USERS)


def test_a_foreign_key_without_index_points_at_its_column() -> None:
    finding = one("fk-without-index", ORDERS.format(more=""), after=USERS)
    assert finding.place.line == 3
    assert finding.fix is not None
    assert "CREATE INDEX idx_orders_user_id ON orders (user_id);" in finding.fix.sql


def test_on_a_table_that_is_not_known_an_index_may_be_there() -> None:
    text = "ALTER TABLE orders ADD CONSTRAINT fk_orders_user_id FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;"
    assert one("fk-without-index", text, after=USERS).unknown == "which indexes orders has"


def test_a_foreign_key_of_another_type_is_told_with_both() -> None:
    text = "CREATE TABLE visits (id bigint PRIMARY KEY, user_id integer REFERENCES users);"
    assert "visits.user_id is int4, users.id" in one("fk-type-mismatch", text, after=USERS).message
    fine = "CREATE TABLE visits (id bigint PRIMARY KEY, user_id bigint REFERENCES users);"
    assert "fk-type-mismatch" not in rules(fine, after=USERS)
    own = "CREATE TABLE nodes (id bigint PRIMARY KEY, parent_id integer REFERENCES nodes (id));"
    assert "fk-type-mismatch" in rules(own)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE visits (id bigint);\nALTER TABLE visits ADD PRIMARY KEY (id);",
        "CREATE TABLE copies AS SELECT * FROM users;",
        "CREATE TEMPORARY TABLE staged (id bigint);",
        "CREATE TABLE visits (id bigint);\nDROP TABLE visits;",
        "CREATE TABLE IF NOT EXISTS users (id bigint);",
        "CREATE TABLE visits (LIKE users INCLUDING ALL);",
    ],
)
def test_a_table_needs_no_key_of_its_own_where_it_gets_one(text: str) -> None:
    assert "no-primary-key" not in rules(text, after=USERS)


def test_a_partition_has_the_key_of_its_parent() -> None:
    text = """CREATE TABLE visits (id bigint, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""
    assert not rules(text) & {"no-primary-key", "duplicate-index"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE INDEX idx_again ON users (email);", True),
        ("CREATE INDEX idx_again ON users ( email ASC );", True),
        ("CREATE UNIQUE INDEX idx_again ON users (email);", False),
        ("CREATE INDEX idx_again ON users (email DESC);", False),
        ("CREATE INDEX idx_again ON users (email varchar_pattern_ops);", False),
        ("CREATE INDEX idx_again ON users (lower(email));", False),
        ("CREATE INDEX idx_again ON users (email) WHERE id > 5;", False),
        ("CREATE INDEX idx_again ON users USING hash (email);", False),
        ("CREATE INDEX idx_again ON users (email) INCLUDE (id);", False),
        ("CREATE INDEX idx_again ON users (email);\nDROP INDEX idx_users_email;", False),
    ],
)
def test_an_index_is_a_duplicate_only_when_all_of_it_is_the_same(text: str, expected: bool) -> None:  # noqa: FBT001
    before = USERS + "CREATE INDEX idx_users_email ON users (email);"
    assert ("duplicate-index" in rules(text, after=before)) == expected


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ("id serial PRIMARY KEY", "int-pk"),
        ("id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "int-pk"),
        ("id bigserial PRIMARY KEY", ""),
        ("id int PRIMARY KEY", ""),
        ("id bigint PRIMARY KEY, at timestamp", "timestamp-without-timezone"),
        ("id bigint PRIMARY KEY, at timestamp(3)", "timestamp-without-timezone"),
        ("id bigint PRIMARY KEY, at timestamptz", ""),
        ("id bigint PRIMARY KEY, at timestamp with time zone", ""),
        ("id bigint PRIMARY KEY, price money", "money"),
        ("id bigint PRIMARY KEY, price numeric(10,2)", ""),
        ("id bigint PRIMARY KEY, body json[]", "json-type"),
        ("id bigint PRIMARY KEY, body jsonb", ""),
        ('id bigint PRIMARY KEY, "order" int', "reserved-word"),
        ('id bigint PRIMARY KEY, "createdAt" timestamptz', ""),
    ],
)
def test_types_and_names_that_bite_later(column: str, rule: str) -> None:
    said = rules(f"CREATE TABLE things ({column});") & {
        "int-pk", "timestamp-without-timezone", "money", "json-type", "reserved-word", "char-n", "varchar-length",
        "serial",
    }  # fmt: skip
    assert said == ({rule} if rule else set())


def test_a_type_is_pointed_at_where_it_stands() -> None:
    text = "CREATE TABLE things (\n    id bigint PRIMARY KEY,\n    price money\n);"
    finding = one("money", text)
    assert (finding.place.line, finding.place.column) == (3, 5)
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("serial", "CREATE TABLE things (id bigserial PRIMARY KEY);"),
        ("varchar-length", "CREATE TABLE things (id bigint PRIMARY KEY, name varchar(50));"),
        ("char-n", "CREATE TABLE things (id bigint PRIMARY KEY, code char(2));"),
        ("timestamp-precision", "CREATE TABLE things (id bigint PRIMARY KEY, at timestamptz(0));"),
        ("float-for-money", "CREATE TABLE things (id bigint PRIMARY KEY, price float8);"),
        ("hash-index", "CREATE INDEX idx_users_email ON users USING hash (email);"),
        ("wide-index", "CREATE INDEX idx_users_all ON users (id, email, id, email);"),
        ("redundant-index", "CREATE INDEX idx_users_id ON users (id);"),
        ("on-delete-cascade", ORDERS.format(more=" ON DELETE CASCADE")),
        ("dml-in-migration", "ALTER TABLE users ADD COLUMN a int;\nUPDATE users SET a = 1 WHERE id = 1;"),
    ],
)
def test_taste_is_said_only_when_asked_for(rule: str, text: str) -> None:
    assert rule not in rules(text, after=USERS)
    assert rule in rules(text, after=USERS, severities={rule: "info"})


@pytest.mark.parametrize("dialect", ["mariadb", "mysql"])
def test_rules_for_every_engine_speak_of_the_names_of_that_engine(dialect: str) -> None:
    text = "ALTER TABLE users DROP COLUMN email;\nRENAME TABLE users TO people;\nDELETE FROM people;"
    said = {item.rule: item.message for item in found(text, after=USERS, dialect=dialect)}
    assert "users.email" in said["drop-column"]
    assert "people" in said["rename-table"]
    assert "people" in said["delete-without-where"]


def test_rules_for_every_engine_speak_of_sqlite() -> None:
    text = "ALTER TABLE users DROP COLUMN email;\nDELETE FROM users;\nCREATE TABLE visits (page text);"
    said = {item.rule: item.message for item in found(text, after=USERS, dialect="sqlite")}
    assert "users.email" in said["drop-column"]
    assert "users" in said["delete-without-where"]
    assert "visits" in said["no-primary-key"]

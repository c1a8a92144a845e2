"""Names: the standards' own examples pass but where they contradict themselves, and a project's own rules hold."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar import dialects
from instar.config.tables import Naming
from instar.lint import naming
from instar.lint.engine import Linter
from instar.lint.look import Options
from instar.model import Finding, Migration, Script, Severity

STANDARD = Naming()
INDEX, UNIQUE, FOREIGN, CHECK, PRIMARY = (
    STANDARD.index, STANDARD.unique, STANDARD.foreign_key, STANDARD.check, STANDARD.primary_key,
)  # fmt: skip
EXAMPLES = [
    ("idx_users_email", INDEX, "users", ("email",)),
    ("idx_orders_user_id_created_at", INDEX, "orders", ("user_id", "created_at")),
    ("idx_user_preferences_user_id_key", INDEX, "user_preferences", ("user_id", "preference_key")),
    ("idx_user_preferences_key", INDEX, "user_preferences", ("preference_key",)),
    ("idx_user_sessions_token", INDEX, "user_sessions", ("session_token",)),
    ("idx_users_last_login_at", INDEX, "users", ("last_login_at",)),
    ("idx_orders_user_status_date", INDEX, "orders", ("user_id", "status", "created_at")),
    ("idx_users_email_lower", INDEX, "users", ("",)),
    ("idx_users_email_domain", INDEX, "users", ("",)),
    ("idx_users_v2_email_normalized", INDEX, "users_v2", ("email_normalized",)),
    ("pk_users_id", PRIMARY, "users", ("id",)),
    ("fk_orders_user_id", FOREIGN, "orders", ("user_id",)),
    ("uk_users_email", UNIQUE, "users", ("email",)),
    ("chk_orders_amount_positive", CHECK, "orders", ("amount",)),
    ("chk_orders_status_valid", CHECK, "orders", ("status",)),
]


def found(up: str, *, dialect: str = "postgresql", path: str = "", **naming_of: Any) -> list[Finding]:
    """Lint one migration; return what rules about names say."""
    known = dialects.load(dialect)
    script = (Script(up, "m.sql"),)
    item = Migration("20240101000000", "m", path or "20240101000000_m.sql", up=script)
    judged = next(iter(Linter(known, known.schema(), Options(naming=Naming(**naming_of))).judge([item])))
    return [each for each in judged.findings if each.rule.startswith(("naming-", "unnamed-constraint", "name-too"))]


def rules(findings: Sequence[Finding]) -> list[str]:
    return [each.rule for each in findings]


@pytest.mark.parametrize(("name", "template", "table", "columns"), EXAMPLES)
def test_the_standards_own_names_pass(name: str, template: str, table: str, columns: Sequence[str]) -> None:
    assert naming.fits(name, template, table, columns, uses=("email",) if columns == ("",) else ())


@pytest.mark.parametrize("name", ["idx_active_users_email", "users_email_idx", "idx_users", "email", "idx_users_phone"])
def test_names_without_the_prefix_the_table_or_a_column_do_not(name: str) -> None:
    assert not naming.fits(name, INDEX, "users", ("email",))


@given(
    st.from_regex(r"[a-z]{3,12}(_[a-z]{2,8})?", fullmatch=True),
    st.lists(st.from_regex(r"[a-z]{2,10}(_[a-z]{2,8})?", fullmatch=True), min_size=1, max_size=4),
    st.sampled_from([INDEX, UNIQUE, FOREIGN, PRIMARY, "{table}_{columns}_idx", "fk__{table}__{referenced}__{columns}"]),
)
def test_what_is_proposed_fits(table: str, columns: list[str], template: str) -> None:
    name = naming.proposed(template, table, columns, referenced="people")

    assert len(name.encode()) <= 63
    if len(name) < 62:
        assert naming.fits(name, template, table, columns, referenced="people")


@pytest.mark.parametrize(
    "name", ["users", "user_preferences", "order_items", "payment_transactions", "people", "news", "user_data", "media",
             "users_v2", "users_new", "statuses", "address_histories", "user_history", "audit_logs", "t"],
)  # fmt: skip
def test_plural_names_are_left_alone(name: str) -> None:
    assert naming.plural(name, STANDARD) == name


@pytest.mark.parametrize(
    ("name", "many"),
    [("user", "users"), ("order_status", "order_statuses"), ("category", "categories"), ("person", "people"),
     ("user_address", "user_addresses"), ("users_email_backup", "users_email_backups"), ("order_v2", "orders_v2")],
)  # fmt: skip
def test_singular_names_get_their_plural(name: str, many: str) -> None:
    assert naming.plural(name, STANDARD) == many


def test_uncountable_words_of_the_project_are_left_alone() -> None:
    assert naming.plural("game_staffing", Naming(uncountable=["staffing"])) == "game_staffing"


def test_a_migration_by_the_standards_has_no_finding() -> None:
    assert not found("""
        CREATE TABLE user_preferences (
            id bigint PRIMARY KEY, user_id bigint NOT NULL, preference_key varchar(100),
            CONSTRAINT uk_user_preferences_user_id_preference_key UNIQUE (user_id, preference_key),
            CONSTRAINT chk_user_preferences_key_filled CHECK (preference_key <> ''));
        CREATE INDEX idx_user_preferences_preference_key ON user_preferences (preference_key);
    """)


def test_quoted_names_weigh_more_than_singular_ones() -> None:
    singular, quoted = found("CREATE TABLE account (id int)"), found('CREATE TABLE "Accounts" (id int)')

    assert [(each.rule, each.severity) for each in singular] == [("naming-table", Severity.INFO)]
    assert [(each.rule, each.severity) for each in quoted] == [("naming-table", Severity.WARNING)]
    assert singular[0].advice.startswith("call it accounts")


def test_only_names_that_the_migration_makes_are_judged() -> None:
    assert not found('ALTER TABLE "Account" DROP COLUMN "theName"; DROP INDEX byname; INSERT INTO "Account" VALUES (1)')


@pytest.mark.parametrize(
    ("up", "rule"),
    [
        ('ALTER TABLE users ADD COLUMN "theName" text', "naming-column"),
        ('ALTER TABLE users RENAME COLUMN name TO "theName"', "naming-column"),
        ('CREATE TABLE users (id int, "theName" text)', "naming-column"),
        ('ALTER TABLE users RENAME TO "People"', "naming-table"),
        ("CREATE INDEX users_email ON users (email)", "naming-index"),
        ("ALTER TABLE users ADD CONSTRAINT positive CHECK (id > 0)", "naming-constraint"),
        ("ALTER TABLE users ADD CHECK (id > 0)", "unnamed-constraint"),
        ("ALTER TABLE users ADD COLUMN b int REFERENCES people (id)", "unnamed-constraint"),
        ("CREATE TABLE users (id int, boss_id int REFERENCES people (id))", "unnamed-constraint"),
    ],
)
def test_each_kind_of_name_has_its_rule(up: str, rule: str) -> None:
    assert rules(found(up)) == [rule]


def test_what_the_server_names_by_itself_is_known_and_not_flagged() -> None:
    assert not found("CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL)")


@pytest.mark.parametrize(
    ("up", "fixed"),
    [
        ("ALTER TABLE users ADD UNIQUE (email)", "ALTER TABLE users ADD CONSTRAINT uk_users_email UNIQUE (email);"),
        (
            "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)",
            "ALTER TABLE orders ADD CONSTRAINT fk_orders_user_id FOREIGN KEY (user_id) REFERENCES users (id);",
        ),
        (
            "ALTER TABLE orders ADD COLUMN user_id int REFERENCES users (id)",
            "ALTER TABLE orders ADD COLUMN user_id int CONSTRAINT fk_orders_user_id REFERENCES users (id);",
        ),
        ("CREATE INDEX by_email ON users (email)", "CREATE INDEX idx_users_email ON users (email);"),
    ],
)
def test_the_rewrite_has_the_name_filled_in(up: str, fixed: str) -> None:
    (finding,) = found(up)

    assert finding.fix is not None
    assert finding.fix.sql == fixed
    assert not dialects.load("postgresql").analyse(fixed.rstrip(";"), dialects.load("postgresql").schema()).error


@pytest.mark.parametrize(
    ("settings", "up"),
    [
        ({"index": "{table}_{columns}_ix"}, "CREATE INDEX users_email_ix ON users (email)"),
        ({"index": ""}, "CREATE INDEX anything ON users (email)"),
        ({"foreign_key": "fk_{table}_{referenced}"},
         "ALTER TABLE orders ADD CONSTRAINT fk_orders_users FOREIGN KEY (user_id) REFERENCES users (id)"),
        ({"plural": False}, "CREATE TABLE account (id int)"),
        ({"table": "tbl_[a-z]+", "plural": False}, "CREATE TABLE tbl_account (id int)"),
        ({"exceptions": ["legacy_*"]}, "CREATE TABLE legacy_thing (id int); CREATE INDEX legacy_x ON users (email)"),
        ({"uncountable": ["gear"]}, "CREATE TABLE gear (id int)"),
    ],
)  # fmt: skip
def test_a_project_has_its_own_names(settings: Mapping[str, Any], up: str) -> None:
    assert found(up)
    assert not found(up, **settings)


@pytest.mark.parametrize("path", ["20240101000000_add_users.sql", "db/20240101000000_a_1.py"])
def test_files_by_the_pattern_pass(path: str) -> None:
    assert not found("SELECT 1", path=path)


@pytest.mark.parametrize("path", ["1_users.sql", "20240101000000_AddUsers.sql", "20240101000000_add-users.sql"])
def test_other_files_do_not(path: str) -> None:
    assert rules(found("SELECT 1", path=path)) == ["naming-file"]


def test_files_of_other_layouts_have_their_own_rules() -> None:
    known = dialects.load("postgresql")
    item = Migration("1", "users", "V1__users.sql", format="flyway", up=(Script("SELECT 1", "V1__users.sql"),))

    assert "naming-file" not in rules(next(iter(Linter(known, known.schema()).judge([item]))).findings)


@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
def test_names_too_long_for_the_engine_are_errors(dialect: str) -> None:
    name = "idx_users_" + "x" * 60
    (finding,) = [
        each for each in found(f"CREATE INDEX {name} ON users (email)", dialect=dialect) if "too" in each.rule
    ]

    assert finding.severity is Severity.ERROR
    assert "64 characters" in finding.message


def test_the_whole_group_is_switched_by_one_line() -> None:
    known = dialects.load("postgresql")
    item = Migration("1", "m", "20240101000000_m.sql", up=(Script('CREATE TABLE "Account" (id int)', "m"),))

    def names(severities: Mapping[str, str]) -> list[Severity]:
        judged = next(iter(Linter(known, known.schema(), Options(severities=severities)).judge([item])))
        return [each.severity for each in judged.findings if each.rule.startswith("naming-")]

    assert names({"naming": "off"}) == []
    assert names({"naming": "error"}) == [Severity.ERROR]
    assert names({"naming": "off", "naming-table": "info"}) == [Severity.INFO]


@pytest.mark.parametrize(
    "up",
    [
        "CREATE TABLE user_ (id bigint PRIMARY KEY, when_ timestamptz)",
        "CREATE INDEX idx_user_name ON user_ (name)",
        "ALTER TABLE users ADD COLUMN order_ int",
        "ALTER TABLE users RENAME COLUMN name TO end_",
        "CREATE INDEX users_email_idx ON users (email)",
        "CREATE INDEX users_lower_idx1 ON users (lower(email))",
        "ALTER SEQUENCE users_id_seq RENAME TO person_number",
        "ALTER VIEW newest RENAME TO latest_user",
        "CREATE TABLE users (id bigserial PRIMARY KEY); ALTER TABLE users_id_seq RENAME TO person_number",
    ],
)
def test_what_needs_no_quotes_and_what_the_server_would_choose_may_be_so(up: str) -> None:
    assert not found(up)


def test_an_underscore_behind_any_other_word_is_told_and_needs_no_quotes() -> None:
    column = found("ALTER TABLE users ADD COLUMN email_ text")
    assert rules(column) == ["naming-column"]
    assert column[0].why == ""


def test_the_constraints_of_a_new_table_that_have_no_names_are_one_finding() -> None:
    several = found("CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, age int CHECK (age > 0), "
                    "boss_id bigint REFERENCES people (id), UNIQUE (email, age))")  # fmt: skip
    assert len(several) == 1
    assert several[0].message == (
        "4 constraints of users have no name: the unique constraint on email, the check on age, "
        "the foreign key on boss_id and 1 more"
    )
    assert several[0].advice.startswith("CONSTRAINT with a name in front of each names it: uk_users_email, ")
    assert len(found("CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE)")) == 1


def test_an_index_that_becomes_a_constraint_is_named_like_the_constraint() -> None:
    build = "CREATE TABLE users (id int, email text); CREATE UNIQUE INDEX only_one ON users (email)"
    take = "ALTER TABLE users ADD CONSTRAINT only_one UNIQUE USING INDEX only_one"
    assert rules(found(f"{build}; {take}")) == ["naming-constraint"]
    assert rules(found(f"{build}; {take.replace('USING INDEX only_one', 'USING INDEX only_one_2')}")) == [
        "naming-index", "naming-constraint",
    ]  # fmt: skip


def test_a_name_that_is_taken_is_not_proposed() -> None:
    index, constraint = found("""
        CREATE TABLE users (id bigint PRIMARY KEY, email text, CONSTRAINT chk_users_email_valid CHECK (email <> ''));
        CREATE INDEX idx_users_email ON users (email);
        CREATE INDEX by_email ON users (email) WHERE id > 5;
        ALTER TABLE users ADD CONSTRAINT short CHECK (length(email) < 90) NOT VALID;
    """)
    assert index.advice == (
        "call it idx_users_email_ and a word that says what is special of it: idx_users_email is there already"
    )
    assert index.fix is None
    assert constraint.advice.endswith("chk_users_email_valid is there already")


def test_a_table_is_not_to_be_called_like_another_one() -> None:
    (finding,) = found("CREATE TABLE accounts (id bigint PRIMARY KEY); CREATE TABLE account (id bigint PRIMARY KEY)")
    assert finding.advice == "put account into exceptions under [naming]: accounts is another table"


def test_a_pattern_of_the_projects_own_is_said_as_it_is() -> None:
    (table,) = found("CREATE TABLE users (id int)", table="t_[a-z]+")
    (column,) = found("ALTER TABLE users ADD COLUMN name text", column="c_[a-z]+")
    assert table.message == "the table users is not named as the project wants it: t_[a-z]+"
    assert column.message == "the column users.name is not named as the project wants it: c_[a-z]+"
    assert table.advice == column.advice == ""


def test_letters_that_are_not_ascii_need_no_quotes_and_are_not_guessed_at() -> None:
    (column,) = found("ALTER TABLE users ADD COLUMN größe int")
    assert column.message == 'the column users."größe" is not named in snake_case'
    assert (column.why, column.advice) == ("", "")

"""Configuration: found, checked, merged, filled in; and what is said when it is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar import config
from instar.config import Environment, duration, variables
from instar.errors import ConfigError
from instar.redact import redact, scrub, secrets

Load = Callable[..., config.Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(text: str | None = None, env_file: str | None = None, name: str = "instar.toml", **environ: str) -> Any:
        if text is not None:
            (tmp_path / name).write_text(text)
        if env_file is not None:
            (tmp_path / ".env").write_text(env_file)
        return config.load(tmp_path, environ=environ)

    return load


def refused(action: Callable[[], object]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        action()
    return caught.value


# Found


def test_without_a_file_the_defaults_and_database_url_are_enough(load: Load, tmp_path: Path) -> None:
    environment = load(DATABASE_URL="postgresql:///shop").environment()

    assert environment.url == "postgresql:///shop"
    assert environment.url_source == "DATABASE_URL"
    assert environment.directories == (tmp_path / "migrations",)
    assert (environment.table, environment.log_table) == ("schema_migrations", "migration_execution_log")
    assert (environment.lock_timeout, environment.lock_deadline) == (0.1, 300)
    assert environment.statement_timeout is None


def test_the_file_is_found_upwards_and_paths_start_where_it_lies(load: Load, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[migrations]\ndirectory = ["a", "b"]\n')
    below = tmp_path / "some" / "folder"
    below.mkdir(parents=True)

    environment = config.load(below, environ={}).environment()

    assert environment.root == tmp_path
    assert environment.directories == (tmp_path / "a", tmp_path / "b")


def test_pyproject_is_read_when_it_speaks_of_instar(load: Load) -> None:
    loaded = load('[project]\nname = "x"\n[tool.instar]\nurl = "sqlite:///x.db"\n', name="pyproject.toml")

    assert loaded.environment().url == "sqlite:///x.db"


def test_a_pyproject_without_a_table_of_ours_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('url = "sqlite:///above.db"\n')
    below = tmp_path / "package"
    below.mkdir()
    (below / "pyproject.toml").write_text('[project]\ndependencies = ["instar"]\n')

    assert config.load(below, environ={}).environment().url == "sqlite:///above.db"


def test_two_files_side_by_side_are_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.instar]\n")

    assert "both" in refused(lambda: load("")).message


def test_a_named_file_goes_first_and_must_exist(load: Load, tmp_path: Path) -> None:
    load('url = "sqlite:///a.db"')
    (tmp_path / "other.toml").write_text('url = "sqlite:///b.db"')

    assert config.load(tmp_path, file=Path("other.toml"), environ={}).environment().url == "sqlite:///b.db"
    missing = refused(lambda: config.load(tmp_path, file=Path("none.toml"), environ={}))
    assert missing.message == "none.toml cannot be read: No such file or directory"


# Merged

ENVIRONMENTS = """
default_environment = "staging"
lock_timeout = "200ms"
[migrations]
table = "history"
[placeholders]
tenant = "acme"
level = 3
strict = true
[environments.development]
[environments.staging]
url = "sqlite:///staging.db"
placeholders.tenant = "globex"
[environments.production]
url = "sqlite:///production.db"
lock_timeout = 1.5
statement_timeout = "1m30s"
migrations.schema = "ops"
"""


def test_an_environment_goes_before_the_top_of_the_file_key_by_key(load: Load) -> None:
    loaded = load(ENVIRONMENTS)
    staging, production = loaded.environment(), loaded.environment("production")

    assert (staging.name, staging.lock_timeout) == ("staging", 0.2)
    assert staging.placeholders == {"tenant": "globex", "level": "3", "strict": "true"}
    assert (production.lock_timeout, production.statement_timeout) == (1.5, 90)
    assert (production.table, production.schema) == ("history", "ops")
    assert production.placeholders["tenant"] == "acme"


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("", {}, "development"),
        ("[environments.only]\n", {}, "only"),
        ("[environments.a]\n[environments.development]\n", {}, "development"),
        ('default_environment = "a"\n[environments.a]\n[environments.b]\n', {}, "a"),
        ('default_environment = "a"\n[environments.a]\n[environments.b]\n', {"INSTAR_ENVIRONMENT": "b"}, "b"),
    ],
)
def test_the_environment_that_is_meant_when_none_is_named(
    load: Load, text: str, environ: dict[str, str], expected: str
) -> None:
    assert load(text, **environ).environment().name == expected


def test_late_migrations_are_applied_in_development_only(load: Load) -> None:
    loaded = load("")

    assert loaded.environment("development").out_of_order == "apply"
    assert loaded.environment("production").out_of_order == "safe"
    assert load('out_of_order = "refuse"').environment("development").out_of_order == "refuse"


def test_the_url_of_the_call_goes_before_the_file_and_that_before_database_url(load: Load) -> None:
    loaded = load('[environments.a]\nurl = "sqlite:///file.db"\n[environments.b]\n', DATABASE_URL="sqlite:///env.db")

    assert loaded.environment("a", database="sqlite:///call.db").url == "sqlite:///call.db"
    assert loaded.environment("a").url == "sqlite:///file.db"
    assert loaded.environment("b").url == "sqlite:///env.db"


def test_a_url_alone_means_the_environment_that_has_it(load: Load) -> None:
    text = 'default_environment = "a"\n[environments.a]\nurl = "sqlite:///a.db"\n[environments.b]\nurl = "${B}"\n'

    assert load(text, B="sqlite:///b.db").environment(database="sqlite:///b.db").name == "b"
    assert load(text, B="sqlite:///b.db").environment("a", database="sqlite:///b.db").name == "a"
    assert load(text, B="sqlite:///b.db").environment(database="sqlite:///c.db").name == "a"
    assert load(text).environment(database="sqlite:///b.db").name == "a"
    assert load(text, B="x", INSTAR_ENVIRONMENT="a").environment(database="x").name == "a"


def test_without_any_url_the_message_says_the_three_places(load: Load) -> None:
    error = refused(load("[environments.production]\n").environment("production").database)

    assert error.message == "no database is known for the environment 'production'"
    assert "DATABASE_URL" in error.hint
    assert "--database" in error.hint
    assert "[environments.production]" in error.hint


def test_overrides_go_before_every_environment(load: Load) -> None:
    loaded = load(ENVIRONMENTS).override({"migrations": {"table": "mine"}})

    assert loaded.environment("production").table == "mine"
    assert loaded.environment("production").schema == "ops"


def test_replace_reads_times_and_refuses_unknown_names(load: Load, tmp_path: Path) -> None:
    environment = load("").environment()
    changed = environment.replace(lock_timeout="2s", statement_timeout=0, directories="db")

    assert (changed.lock_timeout, changed.statement_timeout) == (2, None)
    assert changed.directories == (tmp_path / "db",)
    assert refused(lambda: environment.replace(lock_timeot=1)).hint == "did you mean 'lock_timeout'?"


# Variables


def test_variables_come_from_the_environment_and_from_env_files(load: Load) -> None:
    text = 'url = "postgresql://${WHO}@${HOST:-localhost}/shop"\nplaceholders.price = "$${free}"\n'
    environment = load(text, env_file="WHO=file\n", WHO="environment").environment()

    assert environment.url == "postgresql://environment@localhost/shop"
    assert environment.placeholders["price"] == "${free}"
    assert load(text, env_file="export WHO=file\n").environment().url == "postgresql://file@localhost/shop"


def test_a_variable_without_value_is_an_error_of_the_environment_that_uses_it(load: Load) -> None:
    loaded = load('[environments.a]\n[environments.b]\nurl = "${NOT_SET}"\n')

    assert loaded.environment("a").url == ""
    error = refused(lambda: loaded.environment("b"))
    assert error.message == "the variable NOT_SET is not set; url of the environment 'b' needs it"
    assert (error.place.file, error.place.line) == ("instar.toml", 3) if error.place else False
    assert loaded.environment("b", database="sqlite://").url == "sqlite://"


def test_what_begins_like_a_variable_must_be_one(load: Load) -> None:
    assert "begins no variable" in refused(lambda: load('url = "${not ok}"').environment()).message


def test_a_password_from_a_variable_may_hold_any_character(load: Load) -> None:
    environment = load('url = "postgresql://app:${PW}@h/db"', PW="p@ss/w:rd%").environment()

    assert environment.url == "postgresql://app:p%40ss%2Fw%3Ard%25@h/db"
    assert "p@ss/w:rd%" in environment.secrets()


def test_a_url_that_is_one_variable_is_taken_as_it_is(load: Load) -> None:
    assert load('url = "${U}"', U="postgresql://a:b@h/d").environment().url == "postgresql://a:b@h/d"


ENV_FILE = r"""
# a comment
PLAIN=value  # and a comment
EMPTY=
HASH=a#b
export EXPORTED = spaced
SINGLE='literal ${PLAIN} \n # not a comment'
DOUBLE="line\nnext \"quoted\" ${PLAIN} \${PLAIN}"
MANY="first
second"
not an assignment
LATER=${PLAIN}-${MISSING}-${MISSING:-default}
"""


def test_env_files_are_read_as_shells_read_them(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(ENV_FILE)

    assert variables.read_env_file(path, {}) == {
        "PLAIN": "value",
        "EMPTY": "",
        "HASH": "a#b",
        "EXPORTED": "spaced",
        "SINGLE": r"literal ${PLAIN} \n # not a comment",
        "DOUBLE": 'line\nnext "quoted" value ${PLAIN}',
        "MANY": "first\nsecond",
        "LATER": "value--default",
    }


def test_a_quote_that_is_never_closed_is_refused_without_its_secret(load: Load) -> None:
    error = refused(lambda: load(env_file='A=1\nTOKEN="hidden\n'))

    assert error.place is not None
    assert error.place.line == 2
    assert "hidden" not in f"{error.message}{error.place.source}"


# Wrong


@pytest.mark.parametrize(
    ("text", "message", "hint", "line"),
    [
        ("[environments.p]\nlock_timeot = 1", "unknown key 'lock_timeot' in [environments.p]", "lock_timeout", 2),
        ("\n[migration]\n", "unknown key 'migration' at the top of the file", "migrations", 2),
        ("[migrations]\n# x\ntables = 'a'", "unknown key 'tables' in [migrations]", "table", 3),
        ("[environments.p]\ngroup = 'x'", "environments.p.group: expected true or false, got text", "", 2),
        ("lock_timeout = 'soon'", "lock_timeout: 'soon' is not a duration", "", 1),
        ("lock_timeout = -1", "lock_timeout: -1 is not a duration", "", 1),
        ("out_of_order = 'x'", "out_of_order: 'x' is not one of refuse, safe, apply", "", 1),
        ("[placeholders]\na = [1]", "placeholders.a: expected", "", 2),
        ("environments.p = 3", "environments.p must be a table", "[environments.p]", 1),
        ("a = 1\n = 2", "instar.toml is not TOML", "", 2),
    ],
)
def test_mistakes_are_named_with_their_line(load: Load, text: str, message: str, hint: str, line: int) -> None:
    error = refused(lambda: load(text))

    assert error.message.startswith(message)
    assert hint in error.hint
    assert error.place is not None
    assert error.place.line == line
    assert error.exit_code == 2


def test_an_unknown_environment_is_refused_with_the_nearest(load: Load) -> None:
    assert refused(lambda: load(ENVIRONMENTS).environment("prodution")).hint == "did you mean 'production'?"


def test_the_schema_has_every_key_and_forbids_others() -> None:
    schema = config.schema()
    table = schema["$defs"]["File"]

    assert table["additionalProperties"] is False
    assert table["properties"]["lock_timeout"]["default"] == "100ms"
    assert {"migrations", "seeds", "environments", "default_environment"} <= set(table["properties"])


# Durations


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("100ms", 0.1), ("30s", 30), ("5m", 300), ("1h", 3600), ("1m 30s", 90), ("", 0), (2, 2), ("2.5", 2.5)],
)
def test_durations(value: object, seconds: float) -> None:
    assert duration.parse(value) == pytest.approx(seconds)


@given(st.integers(min_value=1, max_value=10**7))
def test_a_duration_is_read_as_it_is_written(milliseconds: int) -> None:
    assert duration.parse(duration.text(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


# Secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://app:secret@h/db", "postgresql://app:***@h/db"),
        ("see mysql://a:p%40x@h:1/d now", "see mysql://a:***@h:1/d now"),
        ("postgresql://app:p@ss@h/db", "postgresql://app:***@h/db"),
        ("postgresql:///db?user=a&password=secret&x=1", "postgresql:///db?user=a&password=***&x=1"),
        ("host=h password='a b' user=u", "host=h password=*** user=u"),
        ("postgresql://app@h:5432/db", "postgresql://app@h:5432/db"),
        ("sqlite:///app.db", "sqlite:///app.db"),
    ],
)
def test_urls_are_shown_without_passwords(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_known_password_is_cut_out_of_any_text() -> None:
    known = secrets("postgresql://app:s3cr%40et-long@h/db")

    assert set(known) == {"s3cr%40et-long", "s3cr@et-long"}
    assert scrub("driver says: s3cr@et-long failed", known) == "driver says: *** failed"


def test_a_short_password_does_not_eat_other_words() -> None:
    assert scrub("postgres at postgresql://localhost", ["postgres"[:5]]) == "postgres at postgresql://localhost"
    assert secrets("postgresql://postgres:postgres@h/d") == ()


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=3))
def test_no_password_survives_in_its_own_url(password: str) -> None:
    url = variables.expand_url("postgresql://application:${PASSWORD}@host/db", {"PASSWORD": password})

    assert redact(url) == "postgresql://application:***@host/db"


def test_an_environment_can_be_made_without_a_file(tmp_path: Path) -> None:
    environment = Environment(root=tmp_path, directories=(tmp_path,), seeds=(), templates=tmp_path, url="sqlite://")

    assert environment.database() == "sqlite://"


# Said well


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policy]\nreviewers = {medum = 1}\n", "policy.reviewers: 'medum' is not one of low, medium, high"),
        ('[policy]\nwindows = ["someday"]\n', "policy.windows: 'someday' is no window; write \"mon-thu 09:00-16:00"),
        ('[policy]\nrequired_headers = ["ticket"]\n', "'ticket' is not one of description, author"),
        ('[naming]\nindex = "i_{column}"\n', "naming.index: there is no placeholder {column} here; did you mean 'co"),
        ('[naming]\ncheck = "c_{referenced}"\n', "naming.check: there is no placeholder {referenced} here"),
        ('[naming]\ntable = "("\n', "naming.table: '(' is no regular expression"),
    ],
)
def test_what_is_wrong_in_a_value_is_said(load: Load, text: str, said: str) -> None:
    error = refused(lambda: load(text))

    assert said in error.message
    assert error.place is not None
    assert error.place.line == 2


def test_an_environment_to_promote_from_must_be_there(load: Load) -> None:
    text = '[environments.staging]\n[environments.production.policy]\npromote_from = "stagin"\n'

    error = refused(lambda: load(text))

    assert "there is no environment 'stagin'" in error.message
    assert error.hint == "did you mean 'staging'?"
    assert error.place is not None
    assert error.place.line == 3


def test_several_environments_of_which_none_is_the_default_are_named(load: Load) -> None:
    several = '[environments.staging]\nurl = "sqlite:///a"\n[environments.production]\nurl = "sqlite:///b"\n'
    error = refused(lambda: load(several).environment())
    assert error.message.startswith("no environment is named, and ")
    assert error.message.endswith("instar.toml has several: staging, production")
    assert error.hint == '--environment staging, or default_environment = "staging" at the top of the file'

    assert load(f'default_environment = "production"\n{several}').environment().name == "production"
    assert load(several, INSTAR_ENVIRONMENT="staging").environment().name == "staging"
    assert "there is no environment 'other'" in refused(lambda: load(several).environment("other")).message
    other = load(several, INSTAR_ENVIRONMENT="other")
    assert "there is no environment 'other'" in refused(other.environment).message

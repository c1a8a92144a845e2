"""`instar lint` and `instar rules`: what is judged, what is said, where it goes, and the exit code."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_project import Instar, Write
from click.shell_completion import ShellComplete

from instar.cli.main import program

FIRST = "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, note text);\n"
INDEX = "-- migrate:up\nCREATE INDEX idx_orders_customer_id\n  ON orders (customer_id);\n"
ONLY = ("--rule", "idx-not-concurrent")


@pytest.fixture
def shop(instar: Instar, write: Write) -> Instar:
    """A project on PostgreSQL without any database: a table, and an index that blocks writes."""
    write({"20240101000000_create_orders": FIRST, "20240102000000_index_orders": INDEX})
    return instar


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return give


# What is said


def test_a_finding_is_shown_with_its_line_a_caret_why_and_the_rewrite(shop: Instar) -> None:
    result = shop("lint", *ONLY)
    lines = result.out.splitlines()
    start = lines.index("error[idx-not-concurrent] writes to orders wait while this index is built")

    assert result.code == 4
    assert lines[start + 1].startswith("  --> migrations/20240102000000_index_orders.sql:")
    assert any(line.strip(" |").startswith("^") for line in lines)
    assert "  why: CREATE INDEX holds a SHARE lock on orders while it reads all of its rows" in lines
    assert "  advice: build it CONCURRENTLY" in lines
    assert "    CREATE INDEX CONCURRENTLY idx_orders_customer_id" in lines
    assert lines[-1] == "2 migrations: 1 error"
    assert result.err == ""


def test_nothing_found_is_said_and_exits_with_0(instar: Instar, write: Write) -> None:
    write({"20240101000000_create_orders": FIRST})
    result = instar("lint", *ONLY)

    assert result.code == 0
    assert result.out.splitlines()[-1] == "1 migration: nothing found"


def test_quiet_says_nothing_when_nothing_is_found(instar: Instar, write: Write) -> None:
    write({"20240101000000_create_orders": FIRST})

    assert instar("lint", *ONLY, "--quiet").out == ""


def test_the_document_has_findings_migrations_and_a_summary(shop: Instar) -> None:
    result = shop("lint", *ONLY, "--json")
    document = result.json
    [finding] = document["findings"]

    assert result.code == 4
    assert document["dialect"] == "postgresql"
    assert document["failed"] is True
    assert document["summary"]["migrations"] == 2
    assert document["summary"]["error"] == 1
    assert [each["version"] for each in document["migrations"]] == ["20240101000000", "20240102000000"]
    assert finding["rule"] == "idx-not-concurrent"
    assert finding["file"] == "migrations/20240102000000_index_orders.sql"
    assert finding["fix"]["sql"].startswith("CREATE INDEX CONCURRENTLY idx_orders_customer_id")
    assert finding["fails"] is True
    assert document["migrations"][1]["statements"] is None


def test_the_document_of_a_chosen_migration_has_its_locks(shop: Instar) -> None:
    document = shop("lint", "20240102000000", *ONLY, "--json").json

    [migration] = document["migrations"]
    [statement] = migration["statements"]
    assert statement["locks"] == [{"relation": "orders", "kind": "table", "mode": "SHARE", "blocks": "writes"}]


def test_a_file_that_cannot_be_cut_is_a_finding(instar: Instar, write: Write) -> None:
    write({"20240101000000_broken": "SELECT 'open;\n"})
    result = instar("lint", "--json")

    assert result.code == 4
    assert [each["rule"] for each in result.json["findings"]] == ["unreadable"]


@pytest.mark.parametrize("text", ["CREATE TABEL orders (id int);\n", "CREATE INDEX a ON orders (note\n"])
def test_a_statement_that_is_no_sql_is_a_finding(instar: Instar, write: Write, text: str) -> None:
    write({"20240101000000_broken": f"-- migrate:up\nSELECT 1;\n{text}-- migrate:down\n{text}"})
    result = instar("lint", "--json")

    assert result.code == 4
    found = result.json["findings"]
    assert [(each["rule"], each["severity"], each["line"]) for each in found] == [
        ("unreadable", "error", 3),
        ("unreadable", "error", 5),
    ]


# What is judged


def test_named_files_and_versions_are_judged_and_the_earlier_ones_replayed(shop: Instar, tmp_path: Path) -> None:
    name = "migrations/20240102000000_index_orders.sql"
    for asked in (name, str(tmp_path / name), "20240102000000", "index_orders"):
        document = shop("lint", asked, *ONLY, "--json").json

        assert [each["version"] for each in document["migrations"]] == ["20240102000000"]
        assert len(document["findings"]) == 1


def test_a_table_of_an_earlier_migration_is_not_new_and_one_of_the_same_is(instar: Instar, write: Write) -> None:
    write({"20240101000000_create_orders": FIRST + "CREATE INDEX idx_orders_note ON orders (note);\n"})

    assert instar("lint", *ONLY).code == 0


def test_a_name_that_is_neither_a_file_nor_a_migration_is_refused(shop: Instar) -> None:
    result = shop("lint", "index_order")

    assert result.code == 2
    assert result.err.splitlines() == [
        "error: 'index_order' is neither a file nor a migration",
        "hint: did you mean 'index_orders'?",
    ]


def test_stdin_is_judged_behind_the_migrations_of_the_project(shop: Instar, stdin: Callable[[str], None]) -> None:
    stdin("CREATE INDEX idx_orders_note ON orders (note);")
    document = shop("lint", "-", *ONLY, "--json").json

    assert [each["path"] for each in document["migrations"]] == ["<stdin>"]
    assert [each["relation"] for each in document["findings"]] == ["orders"]


def test_a_plain_file_outside_of_a_project_is_a_migration(instar: Instar, tmp_path: Path) -> None:
    (tmp_path / "some change.sql").write_text("CREATE INDEX i ON customers (name);\n")
    document = instar("lint", "some change.sql", *ONLY, "--json").json

    assert [each["file"] for each in document["findings"]] == ["some change.sql"]


def test_a_folder_of_plain_files_is_judged_file_by_file(instar: Instar, tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "b.sql").write_text("CREATE INDEX b ON customers (name);\n")
    (tmp_path / "sql" / "a.sql").write_text("CREATE INDEX a ON customers (name);\n")
    document = instar("lint", "sql", *ONLY, "--json").json

    assert [each["path"] for each in document["migrations"]] == ["sql/a.sql", "sql/b.sql"]
    assert len(document["findings"]) == 2


def test_a_file_in_the_layout_of_goose_is_read_as_such(instar: Instar, tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("-- +goose Up\nSELECT 1;\n-- +goose Down\nCREATE INDEX a ON customers (name);\n")
    [finding] = instar("lint", "x.sql", *ONLY, "--json").json["findings"]

    assert finding["line"] == 4


def test_paths_start_at_the_repository_and_not_at_the_project(instar: Instar, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "db" / "migrations").mkdir(parents=True)
    (tmp_path / "db" / "instar.toml").write_text("")
    (tmp_path / "db" / "migrations" / "20240101000000_a.sql").write_text("CREATE INDEX a ON customers (name);\n")
    [finding] = instar("lint", *ONLY, "--json", cwd=tmp_path / "db").json["findings"]

    assert finding["file"] == "db/migrations/20240101000000_a.sql"


# The engine


def test_the_url_in_the_configuration_says_which_engine_it_is(shop: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[environments.development]\nurl = "mariadb://db/shop"\n')

    assert shop("lint", *ONLY, "--json").json["dialect"] == "mariadb"
    assert shop("lint", *ONLY, "--dialect", "postgresql", "--json").json["dialect"] == "postgresql"


def test_a_url_with_variables_that_are_not_set_is_no_hindrance(shop: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text(
        '[environments.development]\nurl = "mariadb://app:${SECRET}@db/shop"\n[lint]\ndialect = "sqlite"\n'
    )
    assert shop("lint", *ONLY, "--json").json["dialect"] == "mariadb"

    (tmp_path / "instar.toml").write_text(
        '[environments.development]\nurl = "${SHOP_URL}"\n[lint]\ndialect = "sqlite"\n'
    )
    assert shop("lint", *ONLY, "--json").json["dialect"] == "sqlite"


def test_a_version_that_is_none_is_refused(shop: Instar) -> None:
    assert shop("lint", "--server-version", "sixteen").code == 2


# With a database


def test_with_a_database_only_what_is_pending_there_is_judged(shop: Instar, fresh: Callable[[str], str]) -> None:
    url = fresh("postgresql-18")
    assert shop("up", "--database", url, "--to", "20240101000000").code == 0
    result = shop("lint", "--database", url, *ONLY, "--json")

    assert [each["version"] for each in result.json["migrations"]] == ["20240102000000"]
    assert result.json["findings"] == []
    [note] = result.json["notes"]
    assert note.startswith("1 pending migration is judged on the live catalog of PostgreSQL 18")


def test_a_migration_that_is_applied_is_not_judged_on_the_live_catalog(project: Instar) -> None:
    project("up", "--single")
    result = project("lint", "20240101000000", "--environment", "development", *ONLY, "--json")

    assert result.json["migrations"] == []
    assert "applied already, and so not judged on the live catalog: 20240101000000" in result.json["notes"]


# What counts


def test_fail_on_says_from_which_weight_on_it_fails(shop: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[lint.rules]\nidx-not-concurrent = "warning"\n')

    assert shop("lint", *ONLY).code == 4
    assert shop("lint", *ONLY, "--fail-on", "error").code == 0
    assert shop("lint", *ONLY, "--fail-on", "never").code == 0


def test_the_configuration_turns_rules_off_and_moves_the_limit(shop: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[lint.rules]\nidx-not-concurrent = "off"\n')
    assert "idx-not-concurrent" not in {each["rule"] for each in shop("lint", "--json").json["findings"]}

    (tmp_path / "instar.toml").write_text('[lint]\nfail_on = "never"\n')
    assert shop("lint", *ONLY).code == 0


def test_a_rule_that_is_asked_for_is_looked_for_although_it_is_off(shop: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[lint.rules]\nidx-not-concurrent = "off"\n')
    assert [each["severity"] for each in shop("lint", *ONLY, "--json").json["findings"]] == ["warning"]

    (tmp_path / "instar.toml").write_text('[lint.rules]\nblocking = "off"\n')
    assert "idx-not-concurrent" not in {each["rule"] for each in shop("lint", "--json").json["findings"]}


def test_rules_that_do_not_exist_are_refused_with_the_nearest(shop: Instar, tmp_path: Path) -> None:
    asked = shop("lint", "--rule", "idx-not-concurent")
    assert (asked.code, asked.err.splitlines()[-1]) == (2, "hint: did you mean 'idx-not-concurrent'?")

    (tmp_path / "instar.toml").write_text('[lint.rules]\nidx-not-concurent = "off"\n')
    configured = shop("lint")
    assert configured.code == 2
    assert "there is no rule 'idx-not-concurent', which [lint.rules] of instar.toml names" in configured.err

    (tmp_path / "instar.toml").write_text('[environments.production.policy.rules]\nnope = "off"\n')
    own = shop("lint").err.splitlines()
    assert own[0].endswith("[policy.rules] or [environments.production.policy.rules] of instar.toml names")
    assert own[-1] == "hint: instar rules lists all of them"


def test_after_a_baseline_only_new_findings_count(shop: Instar, write: Write, tmp_path: Path) -> None:
    assert shop("lint", *ONLY, "--write-baseline").out == (
        "instar-lint-baseline.toml: 1 finding that will not count from now on\n"
    )
    assert shop("lint", *ONLY).code == 0
    assert shop("lint", *ONLY).out.splitlines()[-1] == "2 migrations: nothing found; 1 in the baseline"

    write({"20240103000000_note": "CREATE INDEX idx_orders_note ON orders (note);\n"})
    assert shop("lint", *ONLY).code == 4
    assert shop("lint", *ONLY, "--baseline", "other.toml").code == 2


# Rewrites


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


def test_fix_writes_the_rewrite_and_judges_again(shop: Instar, tmp_path: Path) -> None:
    file = tmp_path / "migrations" / "20240102000000_index_orders.sql"
    shown = shop("lint", *ONLY, "--fix", "--dry-run")
    assert "-CREATE INDEX idx_orders_customer_id\n+CREATE INDEX CONCURRENTLY idx_orders_customer_id" in shown.out
    assert file.read_text() == INDEX

    result = shop("lint", *ONLY, "--fix")
    assert result.code == 0
    assert result.err.startswith("fixed migrations/20240102000000_index_orders.sql: idx-not-concurrent; ")
    assert file.read_text() == INDEX.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY")


def test_fix_leaves_what_is_committed_and_says_what_would_write_it(shop: Instar, tmp_path: Path) -> None:
    file = tmp_path / "migrations" / "20240102000000_index_orders.sql"
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "-q", "-m", "x")

    result = shop("lint", *ONLY, "--fix")
    assert result.code == 4
    assert result.err.startswith(
        "left migrations/20240102000000_index_orders.sql:3 idx-not-concurrent: it is committed"
    )
    assert shop("lint", *ONLY, "--fix", "--dry-run").out.strip() == ""
    assert file.read_text() == INDEX

    assert shop("lint", *ONLY, "--fix", "--force").code == 0
    assert "CONCURRENTLY" in file.read_text()


@pytest.mark.parametrize("state", ["unknown", "changed", "staged"])
def test_fix_writes_what_is_new_or_changed_since_the_commit(shop: Instar, tmp_path: Path, state: str) -> None:
    file = tmp_path / "migrations" / "20240102000000_index_orders.sql"
    text = "-- migrate:up\n" if state == "changed" else ""
    file.write_text(text)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", *(["--all"] if state == "changed" else ["migrations/20240101000000_create_orders.sql"]))
    git(tmp_path, "commit", "-q", "-m", "x")
    file.write_text(INDEX)
    if state == "staged":
        git(tmp_path, "add", "--all")

    assert shop("lint", *ONLY, "--fix").code == 0
    assert "CONCURRENTLY" in file.read_text()


def test_fix_writes_what_is_new_on_a_branch(shop: Instar, tmp_path: Path) -> None:
    file = tmp_path / "migrations" / "20240102000000_index_orders.sql"
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "migrations/20240101000000_create_orders.sql")
    git(tmp_path, "commit", "-q", "-m", "x")
    git(tmp_path, "checkout", "-q", "-b", "feature")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "-q", "-m", "y")

    shop("lint", *ONLY, "--fix")
    assert file.read_text() == INDEX
    shop("lint", *ONLY, "--fix", "--since", "main")
    assert "CONCURRENTLY" in file.read_text()


def test_without_git_fix_says_that_nothing_tells_what_is_applied(shop: Instar) -> None:
    assert "there is no git to tell whether" in shop("lint", *ONLY, "--fix").err
    assert shop("lint", "--force").code == 2


def test_what_comes_from_stdin_is_fixed_to_stdout(instar: Instar, stdin: Callable[[str], None]) -> None:
    stdin("CREATE INDEX a ON orders (note);\nSELECT 1;\n")

    assert instar("lint", "-", *ONLY, "--fix").out == "CREATE INDEX CONCURRENTLY a ON orders (note);\nSELECT 1;\n"


def test_what_is_suppressed_or_known_is_not_rewritten(shop: Instar, tmp_path: Path) -> None:
    file = tmp_path / "migrations" / "20240102000000_index_orders.sql"
    shop("lint", *ONLY, "--write-baseline")

    assert shop("lint", *ONLY, "--fix", "--json").json == {"written": True, "files": []}
    assert file.read_text() == INDEX
    assert shop("lint", "--dry-run").code == 2


# Outputs


def test_several_outputs_are_written_in_one_call(shop: Instar, tmp_path: Path) -> None:
    result = shop("lint", *ONLY, "--format", "sarif=lint.sarif", "--format", "markdown=lint.md", "--format", "github")

    assert result.out.startswith("::error file=migrations/20240102000000_index_orders.sql,line=")
    assert json.loads((tmp_path / "lint.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "lint.md").read_text().startswith("<!-- instar lint -->\n")


def test_output_names_the_file_of_the_one_format(shop: Instar, tmp_path: Path) -> None:
    result = shop("lint", *ONLY, "--json", "--output", "lint.json")

    assert result.out == ""
    assert len(json.loads((tmp_path / "lint.json").read_text())["findings"]) == 1


def test_two_formats_cannot_go_to_one_place(shop: Instar) -> None:
    assert shop("lint", "--format", "json", "--format", "human").code == 2
    assert shop("lint", "--format", "sarf").err.splitlines()[-1] == "hint: did you mean 'sarif'?"


# Rules


def test_rules_are_listed_by_group_with_what_they_weigh_here(instar: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[lint.rules]\nidx-not-concurrent = "info"\n')
    lines = instar("rules").out.splitlines()

    assert "Work and locks that make the application wait" in lines
    [line] = [line.split() for line in lines if line.strip().startswith("idx-not-concurrent ")]
    assert line[1:3] == ["info", "postgresql"]


def test_a_group_that_is_configured_weighs_in_the_list_too(instar: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[lint.rules]\nnaming = "error"\nnaming-index = "off"\n')

    rules = {each["name"]: each["severity"] for each in instar("rules", "--json").json["rules"]}

    assert (rules["naming-table"], rules["naming-index"]) == ("error", "off")
    assert instar("rules", "naming-table").out.startswith("naming-table: error, naming")


def test_a_rule_is_explained_with_what_is_wrong_and_what_is_right(instar: Instar) -> None:
    text = instar("rules", "idx-not-concurrent").out

    assert "Safe when:" in text
    assert "  CREATE INDEX CONCURRENTLY idx_orders_customer_id ON orders (customer_id);" in text
    assert instar("rules", "unreadable").code == 0
    assert instar("rules", "idx-not-concurrently").code == 2


def test_rules_are_a_document_too(instar: Instar) -> None:
    rules = {each["name"]: each for each in instar("rules", "--json").json["rules"]}

    assert rules["idx-not-concurrent"]["severity"] == "error"
    assert rules["unreadable"]["group"] == "hygiene"
    assert instar("rules", "idx-not-concurrent", "--json").json == rules["idx-not-concurrent"]


@pytest.mark.parametrize("before", [["lint", "--rule"], ["rules"]])
def test_names_of_rules_are_completed(before: list[str]) -> None:
    found = ShellComplete(program, {}, "instar", "_INSTAR_COMPLETE").get_completions(before, "idx-not")

    assert "idx-not-concurrent" in [item.value for item in found]

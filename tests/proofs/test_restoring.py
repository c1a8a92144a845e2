"""Up, down, up: what each kind of mistake in a `down` is called, and what differs."""

import os

import psycopg
import pytest
from proofs_project import USERS, Run, last

from instar.errors import UsageError
from instar.proof import Verdict
from instar.testing import PostgreSQL


def test_a_down_that_takes_back_what_up_did_restores(proofs: Run) -> None:
    proof = last(proofs(USERS, ("CREATE INDEX idx_users_email ON users (email);", "DROP INDEX idx_users_email;")))
    assert proof.verdict is Verdict.RESTORES
    assert not proof.failed
    assert not proof.difference
    assert None not in (proof.up, proof.down, proof.again)


def test_what_is_left_behind_is_named(proofs: Run) -> None:
    up = "ALTER TABLE users ADD COLUMN age int; CREATE INDEX idx_users_email ON users (email);"
    proof = last(proofs(USERS, (up, "ALTER TABLE users DROP COLUMN age;")))
    assert proof.verdict is Verdict.DIFFERS
    assert proof.failed
    assert [change.key for change in proof.difference] == ["index public.idx_users_email"]


def test_what_is_not_put_back_is_named(proofs: Run) -> None:
    up = "ALTER TABLE users ALTER COLUMN email SET NOT NULL, ALTER COLUMN email SET DEFAULT '';"
    proof = last(proofs(USERS, (up, "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;")))
    assert proof.verdict is Verdict.DIFFERS
    (change,) = proof.difference
    assert change.key == "column public.users.email"
    assert [(fact.name, fact.before) for fact in change.facts] == [("default", "")]


@pytest.mark.parametrize("down", ["", "SELECT 1;", "-- nothing"])
def test_a_down_that_does_nothing_is_called_so(proofs: Run, down: str) -> None:
    proof = last(proofs(USERS, ("ALTER TABLE users ADD COLUMN age int;", down)))
    assert proof.failed
    assert proof.verdict in {Verdict.EMPTY, Verdict.NO_DOWN}


def test_a_down_that_the_server_refuses_says_why(proofs: Run) -> None:
    proof = last(proofs(USERS, ("ALTER TABLE users ADD COLUMN age int;", "ALTER TABLE users DROP COLUMN agge;")))
    assert proof.verdict is Verdict.FAILS
    assert proof.failed
    assert proof.trouble is not None
    assert 'column "agge" of relation "users" does not exist' in proof.trouble.message


def test_a_down_that_raises_is_a_declaration(proofs: Run) -> None:
    down = "DO $$ BEGIN RAISE EXCEPTION 'there is no way back'; END $$;"
    proof = last(proofs(USERS, ("ALTER TABLE users DROP COLUMN email;", down)))
    assert proof.verdict is Verdict.IRREVERSIBLE
    assert not proof.failed


def test_no_down_fails_only_where_the_header_promises_one(proofs: Run) -> None:
    assert not last(proofs(USERS, ("ALTER TABLE users ADD COLUMN age int;", None))).failed


def test_a_promise_of_a_down_that_is_not_there_is_broken(proofs: Run) -> None:
    proof = last(proofs(USERS, ("ALTER TABLE users ADD COLUMN age int;", None), header="-- reversible = true"))
    assert proof.verdict is Verdict.NO_DOWN
    assert proof.failed


def test_the_order_of_columns_is_benign(proofs: Run) -> None:
    two = "CREATE TABLE users (id bigint PRIMARY KEY, email text, age int);", "DROP TABLE users;"
    proof = last(proofs(two, ("ALTER TABLE users DROP COLUMN email;", "ALTER TABLE users ADD COLUMN email text;")))
    assert proof.verdict is Verdict.BENIGN
    assert not proof.failed
    assert proof.difference
    assert not proof.difference.real


def test_an_up_that_cannot_be_applied_again_fails(proofs: Run) -> None:
    up = "ALTER TABLE users ADD COLUMN age int; INSERT INTO once VALUES (1);"
    once = "CREATE TABLE once (id int PRIMARY KEY);", "DROP TABLE once;"
    proof = last(proofs(USERS, once, (up, "ALTER TABLE users DROP COLUMN age;")))
    assert proof.verdict is Verdict.AGAIN_FAILS
    assert proof.failed


def test_what_comes_behind_a_failure_is_proved_on_the_schema_it_is_meant_for(proofs: Run) -> None:
    found = proofs(
        USERS,
        ("ALTER TABLE users ADD COLUMN age int;", "SELECT 1;"),
        ("ALTER TABLE users ADD COLUMN size int;", "ALTER TABLE users DROP COLUMN nothing;"),
        ("CREATE INDEX idx_users_age ON users (age, size);", "DROP INDEX idx_users_age;"),
        ("ALTER TABLE users DROP COLUMN age;", "ALTER TABLE users ADD COLUMN age int;"),
    )
    expected = [Verdict.RESTORES, Verdict.EMPTY, Verdict.FAILS, Verdict.RESTORES, Verdict.DIFFERS]
    assert [proof.verdict for proof in found] == expected
    assert [change.key for change in found[-1].difference] == ["index public.idx_users_age"]


@pytest.mark.parametrize("rows", [0, 3])
def test_behind_an_up_that_fails_it_goes_on_without_it(proofs: Run, rows: int) -> None:
    age = "ALTER TABLE users ADD COLUMN age int;", "SELECT 1;"
    size = "ALTER TABLE users ADD COLUMN size int;", "ALTER TABLE users DROP COLUMN size;"
    found = proofs(USERS, ("CREATE TABLE users (id int);", "SELECT 1;"), age, size, rows=rows)
    expected = [Verdict.RESTORES, Verdict.UP_FAILS, Verdict.EMPTY, Verdict.RESTORES]
    assert [proof.verdict for proof in found] == expected
    assert found[1].trouble is not None
    assert found[3].notes == ("20240101000002 step_2 could not be applied before it",)


def test_only_what_is_wanted_is_proved(proofs: Run) -> None:
    found = proofs(USERS, ("ALTER TABLE users ADD COLUMN age int;", "SELECT 1;"), wanted={"20240101000002"})
    assert [(proof.version, proof.verdict) for proof in found] == [("20240101000002", Verdict.EMPTY)]


def test_a_version_that_is_not_there_is_named(proofs: Run) -> None:
    with pytest.raises(UsageError, match="20250101000000"):
        proofs(USERS, wanted={"20250101000000"})


def test_statements_outside_of_transactions_go_back_and_forth(proofs: Run) -> None:
    up, down = "CREATE INDEX CONCURRENTLY idx_a ON users (email);", "DROP INDEX CONCURRENTLY idx_a;"
    assert last(proofs(USERS, (up, down))).verdict is Verdict.RESTORES


def test_a_database_on_a_named_server_is_taken_away(proofs: Run, server: PostgreSQL) -> None:
    proofs(USERS, ("ALTER TABLE users ADD COLUMN age int;", "SELECT 1;"))
    with psycopg.connect(server.url()) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'instar\\_throwaway%'").fetchall()
    assert rows == []


def test_a_down_that_is_declared_idempotent_runs_twice(proofs: Run) -> None:
    up = "ALTER TABLE users ADD COLUMN age int;"
    down = "ALTER TABLE users DROP COLUMN IF EXISTS age;"
    assert last(proofs(USERS, (up, down), header="-- idempotent = true")).verdict is Verdict.RESTORES


def test_one_that_cannot_run_twice_fails(proofs: Run) -> None:
    down = "ALTER TABLE users DROP COLUMN age;"
    found = proofs(USERS, ("ALTER TABLE users ADD COLUMN age int;", down), header="-- idempotent = true")
    proof = last(found)
    assert (proof.verdict, proof.failed) == (Verdict.NOT_IDEMPOTENT, True)
    assert proof.notes == ('down is refused the second time: column "age" of relation "users" does not exist',)


def test_without_the_declaration_it_runs_once(proofs: Run) -> None:
    up, down = "ALTER TABLE users ADD COLUMN age int;", "ALTER TABLE users DROP COLUMN age;"
    assert last(proofs(USERS, (up, down))).verdict is Verdict.RESTORES


def test_roles_of_a_named_server_go_with_the_proof(proofs: Run, server: PostgreSQL) -> None:
    role, grant = f"proofs_{os.getpid()}", f"proofs_missing_{os.getpid()}"
    makes = f"CREATE ROLE {role}; GRANT SELECT ON users TO {role};", f"DROP OWNED BY {role}; DROP ROLE {role};"
    keeps = f"GRANT SELECT ON users TO {grant};", f"REVOKE SELECT ON users FROM {grant};"
    found = proofs(USERS, makes, (f"CREATE ROLE {role}_kept;", None), keeps, rows=2)
    assert [proof.verdict for proof in found] == [*[Verdict.RESTORES] * 2, Verdict.NO_DOWN, Verdict.RESTORES]
    with psycopg.connect(server.url()) as connection:
        left = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'proofs%'").fetchall()
    assert left == []

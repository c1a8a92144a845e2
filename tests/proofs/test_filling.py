"""The proof with rows: what a way there and back does to the content of tables."""

from pathlib import Path

import pytest
from proofs_project import USERS, Run, last

from instar.proof import Verdict


def test_content_that_comes_back_is_no_loss(proofs: Run) -> None:
    proof = last(proofs(USERS, ("ALTER TABLE users ADD COLUMN age int;", "ALTER TABLE users DROP COLUMN age;"), rows=5))
    assert (proof.verdict, proof.losses, proof.rows) == (Verdict.RESTORES, (), 5)


def test_a_column_that_comes_back_empty_is_a_loss(proofs: Run) -> None:
    drop = "ALTER TABLE users DROP COLUMN email;", "ALTER TABLE users ADD COLUMN email text;"
    proof = last(proofs(USERS, drop, rows=20))
    assert proof.verdict is Verdict.LOSES
    assert not proof.failed
    assert proof.losses[0].startswith("after down: public.users.email: ")


def test_a_loss_fails_when_that_is_asked_for(proofs: Run) -> None:
    drop = "ALTER TABLE users DROP COLUMN email;", "ALTER TABLE users ADD COLUMN email text;"
    assert last(proofs(USERS, drop, rows=20, data="error")).failed


def test_rows_that_a_down_deletes_are_a_loss(proofs: Run) -> None:
    proof = last(proofs(USERS, ("CREATE INDEX i ON users (email);", "DROP INDEX i; DELETE FROM users;"), rows=4))
    assert proof.verdict is Verdict.LOSES
    assert proof.losses[0] == "after down: public.users: 4 rows before, 0 after"


def test_what_up_makes_anew_is_none(proofs: Run) -> None:
    at, token = "at timestamptz DEFAULT clock_timestamp()", "token uuid DEFAULT gen_random_uuid()"
    up = f"ALTER TABLE users ADD COLUMN {at}, ADD COLUMN {token};"
    proof = last(proofs(USERS, (up, "ALTER TABLE users DROP COLUMN at, DROP COLUMN token;"), rows=4))
    assert (proof.verdict, proof.losses) == (Verdict.RESTORES, ())


def test_what_fails_only_with_rows_is_told_and_does_not_fail(proofs: Run) -> None:
    found = proofs(
        USERS,
        ("ALTER TABLE users ADD COLUMN age int NOT NULL;", "ALTER TABLE users DROP COLUMN age;"),
        ("ALTER TABLE users ADD COLUMN size int;", "ALTER TABLE users DROP COLUMN size;"),
        rows=3,
    )
    assert [proof.verdict for proof in found] == [Verdict.RESTORES] * 3
    assert not any(proof.failed for proof in found)
    (note,) = found[1].notes
    assert note.startswith("with rows in the tables up fails: ")
    assert 'column "age" of relation "users" contains null values' in note
    assert (found[2].rows, found[2].notes) == (3, ())


def test_a_table_may_be_kept_empty(proofs: Run, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[test]\nempty = ["public.users"]\n')
    drop = "ALTER TABLE users DROP COLUMN email;", "ALTER TABLE users ADD COLUMN email text;"
    proof = last(proofs(USERS, drop, rows=20))
    assert (proof.rows, proof.losses) == (0, ())


@pytest.mark.parametrize(
    ("budget", "verdict"), [(0.0, Verdict.SLOW), (None, Verdict.RESTORES), (60.0, Verdict.RESTORES)]
)
def test_a_budget_that_is_exceeded_fails(proofs: Run, budget: float | None, verdict: Verdict) -> None:
    (proof,) = proofs(USERS, budget=budget)
    assert (proof.verdict, proof.failed) == (verdict, verdict is Verdict.SLOW)

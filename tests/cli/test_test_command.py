"""`instar test` from a shell: exit codes, outputs, what is chosen."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cli_project import Instar, Write

GOOD = "-- migrate:up\nCREATE TABLE users (id bigint PRIMARY KEY);\n-- migrate:down\nDROP TABLE users;\n"
BAD = "-- migrate:up\nALTER TABLE users ADD COLUMN age int;\n-- migrate:down\nSELECT 1;\n"


@pytest.fixture
def shop(instar: Instar, write: Write, tmp_path: Path) -> Instar:
    """A project on SQLite: one migration is right, the other's down does nothing."""
    (tmp_path / "instar.toml").write_text('[environments.development]\nurl = "sqlite:///app.db"\n')
    write({"20240101000000_users": GOOD, "20240102000000_age": BAD})
    return instar


def test_what_does_not_restore_fails_and_is_named(shop: Instar, tmp_path: Path) -> None:
    result = shop("test")
    assert result.code == 4
    assert "✓ 20240101000000 users  restores" in result.out
    assert "✗ 20240102000000 age  down changes nothing, though up did" in result.out
    assert "+ column users.age" in result.out
    assert not (tmp_path / "app.db").exists()


def test_what_restores_is_done(shop: Instar) -> None:
    result = shop("test", "20240101000000")
    assert result.code == 0
    assert result.out.splitlines()[-1].endswith("1 restores")


def test_json_is_one_document(shop: Instar) -> None:
    document = json.loads(shop("test", "--json").out)
    assert (document["failed"], document["summary"]) == (1, {"restores": 1, "does nothing": 1})
    first, second = document["migrations"]
    assert (first["verdict"], first["failed"], first["difference"]) == ("restores", False, [])
    assert [change["name"] for change in second["difference"]] == ["users.age"]


def test_junit_has_a_case_for_each(shop: Instar, tmp_path: Path) -> None:
    shop("test", "--junit", "proofs.xml")
    root = ET.parse(tmp_path / "proofs.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert [case.find("failure") is not None for case in root.iter("testcase")] == [False, True]


def test_pending_ones_only(shop: Instar) -> None:
    shop("up", "--to", "20240101000000")
    result = shop("test", "--pending")
    assert result.code == 4
    assert "20240101000000" not in result.out


def test_an_unknown_one_is_a_mistake_in_the_call(shop: Instar) -> None:
    result = shop("test", "20250101000000")
    assert result.code == 2
    assert "20250101000000" in result.err


def test_a_server_that_cannot_be_reached_is_named_without_its_password(instar: Instar, write: Write) -> None:
    write({"20240101000000_users": GOOD})
    result = instar("test", "--server", "postgresql://root:secret@127.0.0.1:1/postgres")
    assert result.code == 1
    assert "no database can be made on" in result.err
    assert "secret" not in result.err


def test_mariadb_wants_a_server(instar: Instar, write: Write, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('[lint]\ndialect = "mariadb"\n')
    write({"20240101000000_users": GOOD})
    result = instar("test")
    assert result.code == 2
    assert "--server" in result.err


def test_a_file_that_cannot_be_written_is_named_before_the_run(shop: Instar) -> None:
    result = shop("test", "--junit", "nowhere/proofs.xml")
    assert result.code == 2
    assert "proofs.xml cannot be written" in result.err


def test_what_is_no_server_is_named(instar: Instar, write: Write) -> None:
    write({"20240101000000_users": GOOD})
    result = instar("test", "--server", "sqlite:///x.db")
    assert result.code == 2
    assert "is no URL of a PostgreSQL server" in result.err

"""Two URLs mean the same database, or another one, whatever way they are written."""

from pathlib import Path

import pytest

from instar import dialects

_VARIABLES = ("PGHOST", "PGPORT", "PGDATABASE", "PGUSER")


@pytest.fixture(autouse=True)
def _no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("embedded:.instar/production", "embedded:./.instar/production"),
        ("embedded:.instar/production", "embedded:{root}/.instar/production"),
        ("embedded:.instar/production", "embedded:.instar/../.instar/production?database=postgres"),
        ("sqlite:///app.db", "sqlite:////{root}/app.db"),
        ("sqlite:///app.db", "sqlite3:///./app.db"),
        ("postgresql://ann@localhost/shop", "postgres://ben:secret@127.0.0.1:5432/shop?sslmode=disable"),
        ("postgresql:///shop", "postgresql+psycopg://localhost/shop"),
        ("postgresql://DB.example.com/shop", "postgresql://db.example.com:5432/shop"),
        ("postgresql://db.example.com/shop", "postgresql:///shop?host=db.example.com&port=5432"),
        ("postgresql://db.example.com/shop", "postgresql://db.example.com/?dbname=shop"),
        ("postgresql://one,two:5433/shop", "postgresql://two:5433/shop"),
        ("postgresql://[::1]:5432/shop", "postgresql://localhost/shop"),
        ("postgresql://ann@db/", "postgresql://db/ann"),
        ("mysql://root@localhost/shop", "mariadb://app@127.0.0.1:3306/shop"),
    ],
)
def test_they_mean_the_same(first: str, second: str, tmp_path: Path) -> None:
    assert dialects.same(first, second.replace("{root}", str(tmp_path)), tmp_path)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("embedded:?database=staging", "embedded:?database=production"),
        ("embedded:.instar/staging", "embedded:.instar/production"),
        ("embedded:temporary", "embedded:temporary"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///app.db", "sqlite:///other.db"),
        ("postgresql://localhost/shop", "postgresql://localhost/shop_staging"),
        ("postgresql://localhost/shop", "postgresql://localhost:5433/shop"),
        ("postgresql://one/shop", "postgresql://two/shop"),
        ("postgresql://localhost/shop", "mysql://localhost/shop"),
        ("postgresql://[::1/shop", "postgresql://localhost/shop"),
        ("${URL}", "${URL}"),
        ("", ""),
    ],
)
def test_they_mean_others(first: str, second: str, tmp_path: Path) -> None:
    assert not dialects.same(first, second, tmp_path)


def test_the_variables_of_libpq_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGDATABASE", "shop")

    assert dialects.same("postgresql://", "postgresql://db.example.com:6000/shop", tmp_path)


def test_asking_leaves_no_folder_behind(tmp_path: Path) -> None:
    assert dialects.same("embedded:", "embedded:?database=postgres", tmp_path)
    assert list(tmp_path.iterdir()) == []

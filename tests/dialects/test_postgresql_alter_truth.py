"""What the analysis says of ALTER TABLE, ALTER DOMAIN and their likes is what PostgreSQL does."""

import psycopg
import pytest
from alter_cases import CHANGES, FAMILIES, FAMILY_CHANGES, TABLES, TYPE_CHANGES, TYPES
from alter_truth import differences, learned, observed

from instar.dialects import load


@pytest.mark.parametrize(
    ("setup", "statements", "timezone"),
    [
        pytest.param(TYPES, TYPE_CHANGES, "UTC", id="types, UTC"),
        pytest.param(TYPES, TYPE_CHANGES, "Europe/Berlin", id="types, Berlin"),
        pytest.param(TABLES, CHANGES, "UTC", id="tables"),
        pytest.param(FAMILIES, FAMILY_CHANGES, "UTC", id="partitions and heirs"),
    ],
)
def test_locks_and_work_are_those_of_the_server(postgresql: str, setup: str, statements: str, timezone: str) -> None:
    wrong: list[str] = []
    with psycopg.connect(postgresql) as connection:
        connection.execute(setup.encode())
        connection.execute(f"SET TimeZone = '{timezone}'".encode())
        connection.commit()
        schema = learned(setup, connection.info.server_version // 10000)
        schema.timezone = timezone
        for statement in statements.strip().splitlines():
            effect = load("postgresql").analyse(statement, schema)
            wrong += [f"{statement}\n    {item}" for item in differences(observed(connection, statement), effect)]
    assert not wrong, "\n".join(wrong)

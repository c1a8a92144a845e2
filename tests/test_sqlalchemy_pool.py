"""A SQLAlchemy engine's connection stays ours while the migrator uses it, and goes back to the pool afterwards."""

from pathlib import Path
from typing import Any

import sqlalchemy

from instar import Migrator


def test_the_pool_does_not_lend_the_migrators_connection_to_others(tmp_path: Path) -> None:
    (tmp_path / "20240101000000_a.sql").write_text("CREATE TABLE a (id int);\n")
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/app.db", poolclass=sqlalchemy.QueuePool, pool_size=1)
    with Migrator(engine, directory=tmp_path) as migrator:
        migrator.up()
        with engine.connect() as other:
            held: Any = migrator._session  # noqa: SLF001 - which connection it is must be seen
            assert other.connection.driver_connection is not held.driver
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT count(*) FROM a")).scalar() == 0
    engine.dispose()

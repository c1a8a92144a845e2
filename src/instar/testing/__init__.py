"""Throw-away servers and a proxy that breaks connections, for tests of migrations."""

from instar.testing.proxy import Proxy
from instar.testing.servers import PostgreSQL, mariadb, postgresql, sqlite

__all__ = ["PostgreSQL", "Proxy", "mariadb", "postgresql", "sqlite"]

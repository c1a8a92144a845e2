"""MariaDB: MySQL's dialect under its own name. What differs is read off the server's version."""

from dataclasses import dataclass

from instar.dialects.mysql import Mysql


@dataclass(frozen=True, slots=True)
class Mariadb(Mysql):
    """MariaDB 10.6 or newer."""

    name: str = "mariadb"
    schemes: tuple[str, ...] = ("mariadb",)


dialect = Mariadb()

"""What a server says of itself: MariaDB or MySQL, and what follows from its version."""

from dataclasses import dataclass
from math import ceil

from instar.errors import ConnectError

_OLDEST = {True: (10, 6), False: (8, 0, 13)}


@dataclass(frozen=True, slots=True)
class Flavour:
    """The engine behind a connection, whatever the URL called it."""

    mariadb: bool
    version: tuple[int, ...]

    @property
    def name(self) -> str:
        """The engine's name with its version, for people."""
        return f"{'MariaDB' if self.mariadb else 'MySQL'} {'.'.join(map(str, self.version))}"

    @property
    def least_lock_timeout(self) -> int:
        """The shortest wait for a lock, in seconds, that the server knows: whole numbers only."""
        return 0 if self.mariadb else 1

    @property
    def limit(self) -> str:
        """The variable that bounds a statement's time."""
        return "max_statement_time" if self.mariadb else "max_execution_time"

    def limited(self, seconds: float) -> str:
        """Write a number of seconds in the unit of `limit`, at least the smallest: 0 would be no limit."""
        return f"{max(seconds, 0.000001):.6f}" if self.mariadb else str(max(1, ceil(seconds * 1000)))

    @property
    def identity_table(self) -> str:
        """The view in which InnoDB shows the number of a table: TRUNCATE and a rebuild give it a new one."""
        return "information_schema.innodb_sys_tables" if self.mariadb else "information_schema.innodb_tables"


def flavour(version: str) -> Flavour:
    """Read what VERSION() said, for example `10.11.6-MariaDB-0+deb12u1` or `8.0.36`.

    Raises ConnectError for servers whose DDL is not atomic: after a crash nobody could say what they did.
    """
    mariadb = "mariadb" in version.lower()
    numbers = version.split("-")
    # Behind replication's compatibility prefix stands the true version: 5.5.5-10.6.16-MariaDB.
    text = numbers[1] if mariadb and numbers[0] == "5.5.5" and len(numbers) > 1 else numbers[0]
    found = Flavour(mariadb, tuple(int(part) for part in text.split(".") if part.isdigit()))
    if found.version < _OLDEST[mariadb]:
        raise ConnectError(
            f"the server is {found.name}, which is too old",
            hint="instar needs MariaDB 10.6 or MySQL 8.0.13, where a DDL statement takes effect wholly or not at all",
        )
    return found

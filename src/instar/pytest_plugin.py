"""Migrations under pytest: databases at any version, questions about the schema, and the proof of every migration.

Fixtures: `migrated_database` is the URL of a database of the test's own, migrated to the newest version; `migration`
moves such a database and asks about it; `instar_environment` is the project's configuration. `pytest --instar` adds a
test for every migration: up, down, up (see docs/pytest.md).
"""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from instar.config import Environment
    from instar.dialects import Session, Throwaway
    from instar.migrator import Migrator, Report
    from instar.proof import Proof
    from instar.proving import Prover
    from instar.snapshot import Snapshot
    from instar.testing.schema import Table, View

_CONFIG = "instar_config"
_SERVER = "instar_server"
_ENVIRONMENT = "instar_environment"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("instar", "migrations")
    group.addoption(
        "--instar", action="store_true", help="a test for every migration: up, down, up restores the schema"
    )
    group.addoption("--instar-server", metavar="URL", default="", help="make the databases on this server")
    group.addoption("--instar-environment", metavar="NAME", default="", help="environment of instar.toml")
    parser.addini(_CONFIG, "instar.toml, or the folder in which it is; relative to pytest's root", default="")
    parser.addini(_SERVER, "URL of a server on which databases to throw away may be made", default="")
    parser.addini(_ENVIRONMENT, "environment of instar.toml", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marker."""
    config.addinivalue_line(
        "markers", "migration(version): the `migration` fixture begins right before this version, not at the newest"
    )


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the proofs."""
    if config.getoption("--instar"):
        items.extend(Proofs.from_parent(session, name="instar", path=environment(config).root).collect())


def environment(config: pytest.Config) -> "Environment":
    """Read the configuration that the options name, or that stands above pytest's root."""
    from instar import config as configuration
    from instar.errors import InstarError

    named = config.getini(_CONFIG)
    start = config.rootpath / named if named else config.rootpath
    file = Path(start.name) if start.is_file() else None
    name = config.getoption("--instar-environment") or config.getini(_ENVIRONMENT)
    try:
        found = configuration.load(start.parent if file else start, file=file, environ=os.environ)
        return found.environment(name or None, offline=True)
    except InstarError as error:
        raise pytest.UsageError("\n".join(filter(None, (error.message, error.hint)))) from None


class Databases:
    """Databases of one pytest process: one for each version that tests ask for, copied for every test."""

    def __init__(self, here: "Environment", server: str) -> None:
        from instar import dialects, linting

        self.environment = here
        self._server = server or here.test.server
        self._dialect = dialects.load(linting.dialect_of(here, linting.Request()))
        self._made: dict[str, Throwaway] = {}

    def close(self) -> None:
        """Take all of them away."""
        for made in self._made.values():
            made.close()
        self._made.clear()

    def at(self, version: str | None) -> "Throwaway":
        """Return a database of the caller's own: right before `version`, or with None migrated to the newest."""
        key = version or ""
        if key not in self._made:
            self._made[key] = self._migrated(version)
        return self._made[key].copy() or self._migrated(version)

    def _migrated(self, version: str | None) -> "Throwaway":
        place = self._dialect.throwaway(self.environment.test.server_version, self._server)
        with closing(migrator(self.environment, place.url)) as moving:
            if version is None:
                moving.up()
            elif before := _before(moving, version):
                moving.up(to=before)
        return place


def _before(moving: "Migrator", version: str) -> str:
    """Return the version before another one, "" for the first."""
    from instar.errors import UsageError

    order = [step.migration for step in moving.plan().steps]
    index = next((number for number, item in enumerate(order) if version in {item.version, item.name}), None)
    if index is None:
        raise UsageError(f"there is no migration {version}", hint="write its version or its name")
    return order[index - 1].version if index else ""


def migrator(here: "Environment", url: str) -> "Migrator":
    """Return what moves a database of ours."""
    from instar.config import Policy
    from instar.migrator import Migrator

    return Migrator(environment=here.replace(url=url, policy=Policy(), out_of_order="apply"))


class Migration:
    """A database of the test's own, which goes up and down."""

    def __init__(self, here: "Environment", url: str) -> None:
        self.url = url
        self._migrator = migrator(here, url)

    def close(self) -> None:
        """Close the connection."""
        self._migrator.close()

    @property
    def session(self) -> "Session":
        """The session; `session.driver` is the driver's own connection."""
        return self._migrator.session()

    @property
    def schema(self) -> "View":
        """The schema as it is now."""
        from instar.testing.schema import View

        return View(self._migrator.snapshot())

    def snapshot(self) -> "Snapshot":
        """Return the schema as it is now, to be compared later."""
        return self._migrator.snapshot()

    def table(self, name: str) -> "Table":
        """Return a table of the schema as it is now."""
        return self.schema.table(name)

    def up(self, to: str | None = None) -> "Report":
        """Apply the next migration, or all as far as `to` ("" = the newest)."""
        if to is None:
            return self._migrator.up(single=True)
        return self._migrator.up(to=to or None)

    def down(self, to: str | None = None) -> "Report":
        """Roll the last migration back, or all that are newer than `to`."""
        return self._migrator.down(count=1) if to is None else self._migrator.down(to=to)

    def query(self, text: str, *params: object) -> list[tuple[object, ...]]:
        """Run a statement and return its rows (none: an empty list); `%s` stands for each of `params`."""
        from instar.dialects import Command

        (outcome,) = self.session.run([Command(text, params or None)])
        return outcome.rows or []

    def make(self, table: str, count: int = 1, **columns: object) -> list[dict[str, Any]]:
        """Insert rows that obey the table's types, keys and constraints, with what they refer to; return them.

        `columns` are given; the others are made up, the same at each run.
        """
        from instar import dialects, rows

        return rows.make(self.session, dialects.for_url(self.url), table, count, **columns)


@pytest.fixture(scope="session")
def instar_environment(pytestconfig: pytest.Config) -> "Environment":
    """Return the environment of instar.toml that tests use."""
    return environment(pytestconfig)


@pytest.fixture(scope="session")
def instar_databases(instar_environment: "Environment", pytestconfig: pytest.Config) -> Iterator[Databases]:
    """Yield the databases of this process: another one for each version, and a copy of it for each test."""
    server = pytestconfig.getoption("--instar-server") or pytestconfig.getini(_SERVER)
    with closing(Databases(instar_environment, server)) as databases:
        yield databases


@pytest.fixture
def migrated_database(instar_databases: Databases) -> Iterator[str]:
    """Yield the URL of a database that is migrated to the newest version, and gone after the test."""
    with closing(_made(instar_databases, None)) as place:
        yield place.url


@pytest.fixture
def migration(instar_databases: Databases, request: pytest.FixtureRequest) -> Iterator[Migration]:
    """Yield a database that goes up and down: at the newest version, or where `@pytest.mark.migration` says."""
    marker = request.node.get_closest_marker("migration")
    if marker and len(marker.args) != 1:
        pytest.fail("@pytest.mark.migration wants one version or name", pytrace=False)
    version = str(marker.args[0]) if marker else None
    with (
        closing(_made(instar_databases, version)) as place,
        closing(Migration(instar_databases.environment, place.url)) as moving,
    ):
        yield moving


def _made(databases: Databases, version: str | None) -> "Throwaway":
    """Make a database; what stands against that is said without the places in instar."""
    from instar.errors import InstarError

    try:
        return databases.at(version)
    except InstarError as error:
        pytest.fail("\n".join(filter(None, (error.message, error.hint))), pytrace=False)


class Proofs(pytest.Collector):
    """All migrations of the project."""

    _prover: "Prover | None" = None

    def collect(self) -> "list[pytest.Item]":
        """Return a test for each."""
        from instar.migrator import Migrator
        from instar.model import MigrationKind

        found = Migrator(environment=environment(self.config)).migrations()
        return [
            ProofItem.from_parent(self, name=item.label, version=item.version)
            for item in found if item.kind is MigrationKind.VERSIONED
        ]  # fmt: skip

    def proof(self, version: str) -> "Proof":
        """Prove one of them."""
        prover = self._started()
        numbers = {item.version: index for index, item in enumerate(prover.versioned)}
        if version not in numbers:
            pytest.skip("an empty database does not get it")
        return prover.whole(numbers[version])

    def _started(self) -> "Prover":
        if self._prover is None:
            from instar import linting
            from instar.proving import Prover, Request

            here = environment(self.config)
            server = self.config.getoption("--instar-server") or self.config.getini(_SERVER) or here.test.server
            asked = Request(
                dialect=linting.dialect_of(here, linting.Request()),
                version=here.test.server_version,
                server=server,
                rows=here.test.rows,
                data=here.test.data,
                budget=here.test_budget,
            )
            self._prover = Prover(here, asked)
            self.config.add_cleanup(self._prover.close)
        return self._prover


class ProofItem(pytest.Item):
    """The proof of one migration."""

    def __init__(self, *, version: str, **given: Any) -> None:
        super().__init__(**given)
        self._version = version

    def runtest(self) -> None:
        """Fail where the migration does not restore."""
        from instar.proof import Verdict
        from instar.render import proof as render

        assert isinstance(self.parent, Proofs)
        proof = self.parent.proof(self._version)
        if proof.failed:
            pytest.fail(render.said(proof), pytrace=False)
        if proof.verdict in {Verdict.NO_DOWN, Verdict.IRREVERSIBLE}:
            pytest.skip(proof.verdict.value)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Say where it stands."""
        return self.path, None, f"instar: {self.name}"

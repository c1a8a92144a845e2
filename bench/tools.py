"""The programs that are compared: how each is had, called, and how its history is counted."""

import json
import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from common import HERE, BenchError, Call, Server, query
from make import make, migrations

CACHE = HERE / ".cache"
_RIVALS = ("alembic>=1.16,<2", "yoyo-migrations>=9,<10", "psycopg[binary]>=3.2,<4", "setuptools<81")
_DBMATE = "@dbmate/linux-x64@2"
_YOYO_VERSION = "from importlib.metadata import version; print('yoyo', version('yoyo-migrations'))"
_TABLES = "SELECT count(*) FROM pg_tables WHERE tablename ~ '^item_[0-9]+$'"
_INDEXES = "SELECT count(*) FROM pg_indexes WHERE indexname ~ '^item_[0-9]+_email$'"
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and its verbs. `{folder}`, `{url}` and `{sqlalchemy}` in a verb or the environment are filled in.

    `recorded` counts what its history holds after `up`: as many as there are migrations, or one row if `head` only.
    """

    name: str
    layout: str
    verbs: Mapping[str, tuple[str, ...]]
    env: Mapping[str, str] = field(default_factory=dict)
    recorded: str | None = None
    head_only: bool = False
    one_by_one: bool = False
    version: tuple[str, ...] = ()

    def call(self, verb: str, folder: Path, url: str) -> Call:
        """Return the process that does `verb`, to be started beside the migrations' folder."""
        sqlalchemy = url.replace("postgresql://", "postgresql+psycopg://", 1)
        values = {"folder": str(folder), "url": url, "sqlalchemy": sqlalchemy, "joint": "&" if "?" in url else "?"}
        argv = tuple(part.format(**values) for part in self.verbs[verb])
        return Call(argv, {name: value.format(**values) for name, value in self.env.items()}, folder.parent)

    def expected(self, n: int) -> int:
        """Return how many rows `recorded` counts when `n` migrations are applied."""
        return min(n, 1) if self.head_only else n


def choose(names: str, server: Server) -> list[Tool]:
    """Return the tools of a comma-separated list; those from elsewhere are fetched once, into bench/.cache."""
    makers = {"psql": lambda: psql(server), "instar": instar, "dbmate": dbmate, "alembic": alembic, "yoyo": yoyo}
    unknown = [name for name in names.split(",") if name not in makers]
    if unknown:
        sys.exit(f"no tool {', '.join(unknown)}; there are {', '.join(makers)}")
    found = []
    for name in names.split(","):
        try:
            found.append(makers[name]())
        except (BenchError, OSError, subprocess.CalledProcessError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return found


def versions(tools: list[Tool]) -> str:
    """Return what the tools say of their versions."""
    return "; ".join(_said(tool) for tool in tools)


def _said(tool: Tool) -> str:
    done = subprocess.run(tool.version, capture_output=True, text=True, check=False)
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[-1] if lines else tool.name


def psql(server: Server) -> Tool:
    """The floor: one process, one connection, one transaction per migration, and no history at all."""
    fixed = (server.psql, "-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", "{url}", "-f")
    verbs = {"up": (*fixed, "{folder}/up.sql"), "down": (*fixed, "{folder}/down.sql")}
    return Tool("psql", "psql", verbs, version=(server.psql, "--version"))


def instar() -> Tool:
    program = str(Path(sys.executable).with_name("instar"))
    verbs = {"up": (program, "up"), "down": (program, "down", "--to", "0"), "status": (program, "status")}
    return Tool(
        "instar",
        "native",
        verbs,
        env={"DATABASE_URL": "{url}"},
        recorded="SELECT count(*) FROM schema_migrations",
        version=(program, "--version"),
    )


def dbmate() -> Tool:
    program = str(_dbmate())
    fixed = (program, "--migrations-dir", "{folder}", "--no-dump-schema")
    verbs = {"up": (*fixed, "migrate"), "down": (*fixed, "rollback"), "status": (*fixed, "status")}
    return Tool(
        "dbmate",
        "native",
        verbs,
        env={"DATABASE_URL": "{url}{joint}sslmode=disable"},
        recorded="SELECT count(*) FROM schema_migrations",
        one_by_one=True,
        version=(program, "--version"),
    )


def alembic() -> Tool:
    program = str(_rivals() / "alembic")
    fixed = (program, "-c", "{folder}/alembic.ini")
    verbs = {"up": (*fixed, "upgrade", "head"), "down": (*fixed, "downgrade", "base"), "status": (*fixed, "current")}
    return Tool(
        "alembic",
        "alembic",
        verbs,
        env={"ALEMBIC_URL": "{sqlalchemy}"},
        recorded="SELECT count(*) FROM alembic_version",
        head_only=True,
        version=(program, "--version"),
    )


def yoyo() -> Tool:
    program = str(_rivals() / "yoyo")
    fixed = ("--batch", "--no-config-file", "--database", "{sqlalchemy}")
    verbs = {"up": (program, "apply", *fixed, "{folder}"), "down": (program, "rollback", "--all", *fixed, "{folder}")}
    return Tool(
        "yoyo",
        "yoyo",
        verbs,
        recorded="SELECT count(*) FROM _yoyo_migration",
        version=(str(_rivals() / "python"), "-c", _YOYO_VERSION),
    )


def _rivals() -> Path:
    """Return the programs' folder of an environment with the Python rivals, apart from ours."""
    folder = CACHE / "venv"
    if not (folder / "complete").exists():
        print("installing Alembic and yoyo into bench/.cache ...", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *_RIVALS], check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return folder / "bin"


def _dbmate() -> Path:
    """Return dbmate, as its npm package carries it."""
    program = CACHE / "dbmate" / "package" / "bin" / "dbmate"
    if not program.exists():
        print("fetching dbmate into bench/.cache ...", file=sys.stderr)
        _unpack(_DBMATE, CACHE / "dbmate")
    return program


def _unpack(package: str, folder: Path) -> None:
    if not (npm := shutil.which("npm")):
        raise BenchError("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(
        [npm, "pack", "--json", package], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    archive = folder / json.loads(packed.stdout)[0]["filename"]
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    archive.unlink()


@contextmanager
def folders(tools: list[Tool], n: int) -> Iterator[dict[str, Path]]:
    """Write the migrations in the layout of each tool and yield the folders by the tools' names."""
    with TemporaryDirectory(prefix="instar-bench-") as base:
        layouts = {tool.layout for tool in tools}
        made = {layout: make(Path(base, layout, "migrations"), layout, n) for layout in layouts}
        if "alembic" in made:  # as on the second run of any project: the versions are compiled
            python = CACHE / "venv" / "bin" / "python"
            subprocess.run([python, "-m", "compileall", "-q", made["alembic"]], check=True)
        yield {tool.name: made[tool.layout] for tool in tools}


def verify(tool: Tool, url: str, n: int) -> None:
    """Check that the first `n` migrations are applied: tables, indexes, rows, and the tool's own history.

    Raises BenchError when they are not, so that nobody wins by doing nothing.
    """
    try:
        _compare("tables", n, query(url, _TABLES)[0][0])
        _compare("indexes", n, query(url, _INDEXES)[0][0])
        _compare("rows", 3 * n, _rows(url, n))
        if tool.recorded:
            _compare("rows of history", tool.expected(n), query(url, tool.recorded)[0][0])
    except psycopg.Error as error:
        raise BenchError(f"the result cannot be read: {error}") from error


def _compare(what: str, expected: int, found: int) -> None:
    if found != expected:
        raise BenchError(f"it left {found} {what}, not {expected}")


def _rows(url: str, n: int) -> int:
    names = [migration.name for migration in migrations(n)]
    total = 0
    for start in range(0, n, _CHUNK):
        union = " UNION ALL ".join(f"SELECT count(*) FROM {name}" for name in names[start : start + _CHUNK])
        total += int(query(url, f"SELECT sum(count) FROM ({union}) AS each(count)")[0][0])
    return total

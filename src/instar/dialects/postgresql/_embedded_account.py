"""The account that an embedded PostgreSQL server runs as: ourselves, or another one when we are root."""

import os
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from instar.errors import ConnectError


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group. `other` says that it is not the one we run as (PostgreSQL refuses to run as root)."""

    uid: int
    gid: int
    other: bool = False

    def own(self, folder: Path) -> None:
        """Create `folder`, readable by this account only."""
        folder.mkdir(mode=0o700)
        if self.other:
            os.chown(folder, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether this account may enter every folder above `path`, and read `path` itself."""
        if not self.other:
            return True
        above = path.resolve().parents
        return all(self._may(folder, stat.S_IXOTH) for folder in above) and self._may(path, stat.S_IROTH | stat.S_IXOTH)

    def enters(self, folder: Path) -> bool:
        """Whether this account may enter `folder` and every folder above it."""
        folder = folder.resolve()
        return not self.other or all(self._may(each, stat.S_IXOTH) for each in (folder, *folder.parents))

    def options(self) -> dict[str, object]:
        """Return what `subprocess` needs to start a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}

    def _may(self, path: Path, bits: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            bits <<= 6
        elif found.st_gid == self.gid:
            bits <<= 3
        return found.st_mode & bits == bits


def account_for(data: Path | None) -> Account:
    """Choose who runs the server: as root the owner of `data` if there is one, else `postgres` or `nobody`."""
    if not hasattr(os, "geteuid"):
        return Account(0, 0)
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data is not None and data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid, other=True)
    return _unprivileged()


def _unprivileged() -> Account:
    import pwd

    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known.get("nobody")
    if entry is None:
        raise ConnectError(
            "PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as",
            hint="run instar as an ordinary user",
        )
    return Account(entry.pw_uid, entry.pw_gid, other=True)


def environment() -> dict[str, str]:
    """Return our environment without what would steer PostgreSQL's programs (PGDATA, PGPORT, locale)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C"}


def run(account: Account, command: Sequence[str | Path]) -> str:
    """Run a program as `account` and return what it printed. Raises ConnectError with its output when it fails."""
    try:
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
            command,
            check=False,
            cwd="/",
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **account.options(),
        )
    except OSError as error:
        raise ConnectError(f"{command[0]} cannot be run: {error}") from error
    if done.returncode != 0:
        raise ConnectError(f"{Path(command[0]).name} failed: {done.stdout.strip()[-2000:]}")
    return str(done.stdout)

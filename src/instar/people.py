"""Who people are, as git knows them: who sits here, and who wrote a file."""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from instar.errors import UsageError

_SEPARATOR = "\x1f"


class Person(Struct, frozen=True):
    """A name and an address; either may be missing."""

    name: str = ""
    email: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name and self.email else self.name or self.email

    def called(self, text: str) -> bool:
        """Whether `text` ("Ann Lee", "ann@example.com", "Ann Lee <ann@example.com>") means this person."""
        known = {word.casefold() for word in (self.name, self.email, str(self)) if word}
        return text.strip().casefold() in known

    def same(self, other: "Person") -> bool:
        """Whether two entries mean one person: the same address, or the same name."""
        mine = {word.casefold() for word in (self.name, self.email) if word}
        return bool(mine & {word.casefold() for word in (other.name, other.email) if word})


def identity(root: Path) -> Person:
    """Return who works in the checkout at `root`: user.name and user.email of its git configuration.

    Raises UsageError when either is missing: nobody approves without a name.
    """
    found = Person(_setting(root, "user.name"), _setting(root, "user.email"))
    if found.name and found.email:
        return found
    missing = " and ".join(key for key in ("name", "email") if not getattr(found, key))
    raise UsageError(
        f"git does not know who you are: no user.{missing.replace(' and ', ' and no user.')}",
        hint='git config user.name "..." and git config user.email ...',
    )


def authors(root: Path, files: Iterable[str]) -> tuple[Person, ...]:
    """Return who committed changes to `files`, the last first; nobody where git cannot tell.

    A shallow clone cannot: to it, whoever made the last commit has written everything.
    """
    names = sorted(files)
    if not names or _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return ()
    lines = _git(root, "log", f"--format=%an{_SEPARATOR}%ae", "--", *names).splitlines()
    return tuple(Person(*line.split(_SEPARATOR, 1)) for line in dict.fromkeys(lines))


def changed(root: Path, files: Sequence[str]) -> bool:
    """Whether git would commit something of `files`."""
    return bool(_git(root, "status", "--porcelain", "--", *files).strip())


def shallow(root: Path) -> bool:
    """Whether the checkout at `root` has only the end of its history."""
    return _git(root, "rev-parse", "--is-shallow-repository").strip() == "true"


def _setting(root: Path, key: str) -> str:
    return _git(root, "config", "--get", key).strip()


def _git(root: Path, *arguments: str) -> str:
    """Return what git says, nothing where it fails or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - git by name, with arguments of ours and names of files behind `--`
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""

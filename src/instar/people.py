"""Who people are, as git knows them: who sits here, and who wrote a file."""

import re
import subprocess
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from instar.errors import UsageError

_SEPARATOR = "\x1f"
_LOG = _SEPARATOR.join(("%an <%ae>", "%aN <%aE>", "%(trailers:key=Co-authored-by,valueonly,separator=%x1f)"))
_ENTRY = re.compile(r"\s*(.*?)\s*<\s*([^<>]*?)\s*>\s*")
_SEVERAL = re.compile(r"[,;&]|\band\b")


class Person(Struct, frozen=True):
    """A name and an address; either may be missing."""

    name: str = ""
    email: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name and self.email else self.name or self.email

    def called(self, text: str) -> bool:
        """Whether `text` ("Ann Lee", "ann@example.com", "Ann Lee <ann@example.com>", or several) means this person."""
        return any(self.same(_entry(each)) for each in (text, *_SEVERAL.split(text)))

    def same(self, other: "Person") -> bool:
        """Whether two entries mean one person: the same address, or the same name."""
        return bool(_words(self) & _words(other))


def identity(root: Path) -> Person:
    """Return who works in the checkout at `root`: user.name and user.email of its git configuration, by its .mailmap.

    Raises UsageError when either is missing: nobody approves without a name.
    """
    found = Person(_setting(root, "user.name"), _setting(root, "user.email"))
    if found.name and found.email:
        return _entry(_git(root, "check-mailmap", str(found)).strip() or str(found))
    missing = " and ".join(key for key in ("name", "email") if not getattr(found, key))
    raise UsageError(
        f"git does not know who you are: no user.{missing.replace(' and ', ' and no user.')}",
        hint='git config user.name "..." and git config user.email ...',
    )


def authors(root: Path, files: Iterable[str]) -> tuple[Person, ...]:
    """Return who committed changes to `files`, also under earlier names, the last first; nobody where git cannot tell.

    Those whom a commit names as its co-authors are among them. A shallow clone cannot tell: to it, whoever made the
    last commit has written everything.
    """
    names = sorted(files)
    if not names or _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return ()
    lines = (_git(root, "log", "--follow", f"--format={_LOG}", "--", name) for name in names)
    entries = (entry for text in lines for line in text.split("\n") for entry in line.split(_SEPARATOR))
    return tuple(_entry(entry) for entry in dict.fromkeys(entries) if entry.strip())


def changed(root: Path, files: Sequence[str]) -> bool:
    """Whether git would commit something of `files`."""
    return bool(_git(root, "status", "--porcelain", "--", *files).strip())


def shallow(root: Path) -> bool:
    """Whether the checkout at `root` has only the end of its history."""
    return _git(root, "rev-parse", "--is-shallow-repository").strip() == "true"


def _words(person: Person) -> set[str]:
    plain = (" ".join(unicodedata.normalize("NFKC", each).casefold().split()) for each in (person.name, person.email))
    return {word for word in plain if word}


def _entry(text: str) -> Person:
    """Read "Ann Lee <ann@example.com>"; what is no such entry is a name and may be an address."""
    match = _ENTRY.fullmatch(text)
    return Person(match[1], match[2]) if match else Person(text.strip(), text.strip())


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

"""A new migration: its name, its version, and what its template says."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

from instar.errors import SourceError, UsageError
from instar.registry import did_you_mean

_SQL = """\
-- /// migration
-- description = "$description"
-- author = "$author"
-- ///

-- migrate:up


-- migrate:down

"""

_PYTHON = '''\
# /// migration
# description = "$description"
# author = "$author"
# ///


def up(connection):
    """Apply the migration; `connection` is the driver's own."""
    connection.execute("")


def down(connection):
    """Undo it."""
    connection.execute("")
'''

_LONGEST_NAME = 120


def create(
    folder: Path,
    name: str,
    *,
    template_folder: Path,
    template: str = "",
    python: bool = False,
    author: str = "",
    description: str = "",
    now: datetime | None = None,
) -> Path:
    """Write a new migration into `folder` and return its path. The folder is made when it is missing.

    The version is the time in UTC, or the next second that no file in the folder has. Raises UsageError when the name
    has no letter or digit, or the template is not there.
    """
    words = snake_case(name)
    suffix = "py" if python else "sql"
    text = _template(template_folder, template, suffix)
    folder.mkdir(parents=True, exist_ok=True)
    moment = now or datetime.now(UTC)
    while True:
        version = _free_version(moment, _versions(folder))
        path = folder / f"{version}_{words}.{suffix}"
        try:
            _write(path, _fill(text, version, words, author, description or _sentence(name)))
        except FileExistsError:  # another process was faster
            continue
        return path


def snake_case(name: str) -> str:
    """Turn what was typed into a name for a file: "Add users.email!" and "AddUsersEmail" become add_users_email."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    words = re.sub(r"\W+|_+", "_", words, flags=re.ASCII).strip("_").lower()
    if not words:
        raise UsageError(f"{name!r} cannot name a migration", hint="say what it does: add_email_to_users")
    if len(words) > _LONGEST_NAME:
        raise UsageError(
            f"the name has {len(words)} characters, more than {_LONGEST_NAME}",
            hint="say it shorter; the header's description has room",
        )
    return words


def templates(folder: Path, suffix: str) -> list[str]:
    """List the project's own templates for files that end in `suffix`."""
    return sorted(path.stem for path in folder.glob(f"*.{suffix}")) if folder.is_dir() else []


def _template(folder: Path, template: str, suffix: str) -> str:
    """Return a template's text: the named one, else the project's own `default`, else the built-in."""
    known = templates(folder, suffix)
    if template and template not in known:
        hint = did_you_mean(template, known) if known else f"put it into {folder / template}.{suffix}"
        raise UsageError(f"there is no template called {template!r}", hint=hint)
    name = template or ("default" if "default" in known else "")
    if not name:
        return _PYTHON if suffix == "py" else _SQL
    path = folder / f"{name}.{suffix}"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"the template {path} cannot be read: {error}") from error


def _versions(folder: Path) -> frozenset[str]:
    return frozenset(path.name.partition("_")[0] for path in folder.iterdir())


def _free_version(moment: datetime, taken: frozenset[str]) -> str:
    """Return the time in UTC as fourteen digits, or the next second that no file has."""
    moment = moment.astimezone(UTC)
    while (version := f"{moment:%Y%m%d%H%M%S}") in taken:
        moment += timedelta(seconds=1)
    return version


def _sentence(name: str) -> str:
    words = name.strip() if " " in name.strip() else snake_case(name).replace("_", " ")
    return words[:1].upper() + words[1:]


def _fill(text: str, version: str, name: str, author: str, description: str) -> str:
    return Template(text).safe_substitute(
        version=version, name=name, author=_quoted(author), description=_quoted(description)
    )


def _quoted(text: str) -> str:
    """Make a text fit to stand between the quotes of TOML."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable.replace("\\", "\\\\").replace('"', '\\"')


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(text)

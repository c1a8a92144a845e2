"""What a schema can be read from: a database, an environment, a dump, a folder of migrations, models."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from instar import dialects, linting
from instar.config import Config, Environment
from instar.dialects import Settings
from instar.errors import UsageError
from instar.redact import redact
from instar.registry import did_you_mean
from instar.schemas import models, replay
from instar.snapshot import Object, Snapshot

MODELS = "models:"
_DEFAULT = "default privilege"
_SECRET = "password"  # noqa: S105 - the word, not one
_HIDDEN = "'***'"


class Target(Struct, frozen=True):
    """A text that names a schema, understood: `kind` is "database", "dump", "migrations" or "models".

    `label` is what people read; it has no password.
    """

    kind: str
    label: str
    environment: Environment
    path: Path | None = None
    models: str = ""


class Reading(Struct, frozen=True):
    """A schema that was read. `owner` is the role that a throw-away server's objects belong to, "" for a live one."""

    snapshot: Snapshot
    label: str
    dialect: dialects.Dialect
    owner: str = ""
    note: str = ""


def understand(text: str, config: Config, environment: Environment) -> Target:
    """Say what `text` names: a URL, an environment, a file, or a folder. Raises UsageError where it is none."""
    scheme = text.partition(":")[0].partition("+")[0].lower()
    if ":" in text and dialects.known(scheme):
        return Target("database", redact(text), environment.replace(url=text))
    if text.startswith(MODELS):
        return Target("models", text.removeprefix(MODELS), environment, models=text.removeprefix(MODELS))
    path = Path(text)
    if path.is_dir():
        return Target("migrations", text, environment.replace(directories=(path.absolute(),)), path)
    if path.is_file():
        return Target("dump", text, environment, path)
    known = config.environments()
    if text in known:
        return Target("database", text, config.environment(text))
    hint = did_you_mean(text, known) if known else "name a database URL, a dump, or a folder of migrations"
    raise UsageError(f"{redact(text)!r} is neither a database URL, an environment, a file nor a folder", hint=hint)


def read(target: Target, *, dialect: str = "", version: int = 0, server: str = "", beside: str = "") -> Reading:
    """Read the schema that a target names.

    A database is read as it is. Everything else is made in a database to throw away: on `server` (a URL), else on a
    server of its own of the major `version`, or where none can be started on that of the database `beside`. `dialect`
    is the engine for it where the environment's URL does not tell.
    """
    here = target.environment
    if target.kind == "database":
        return _live(target)
    engine = dialects.load(dialect or linting.dialect_of(here, linting.Request()))
    with replay.throwaway(engine, version, server, beside=beside or here.url) as place:
        note = f"{target.label} was made on {place.name}"
        if target.kind == "migrations":
            found = replay.migrations(here, place)
        elif target.kind == "dump":
            assert target.path is not None
            found = replay.dump(target.path, here, place)
        else:
            models.create(target.models, place, here.root)
            found = replay.read(place, here)
        owner = "" if target.kind == "dump" else user_of(place.url)
    return Reading(masked(found), target.label, engine, owner, note)


def _live(target: Target) -> Reading:
    here = target.environment
    engine = dialects.for_url(here.database())
    with closing(engine.connect(here.database(), Settings(here.lock_timeout, None, make=False))) as session:
        return Reading(masked(replay.snapshot_of(session, here)), target.label, engine)


def user_of(url: str) -> str:
    """Return who makes objects in the database at `url`, as snapshots write it."""
    engine = dialects.for_url(url)
    with closing(engine.connect(url, Settings(None, None))) as session:
        return engine.spell(session.server.user)


def masked(whole: Snapshot) -> Snapshot:
    """Return a snapshot without passwords: those of user mappings and subscriptions are stored in the catalog."""
    return rewritten(whole, _masked)


def owned(whole: Snapshot, was: str, becomes: str) -> Snapshot:
    """Return a snapshot in which what belongs to the role `was`, also what will be made, belongs to `becomes`."""

    def change(item: Object) -> Object:
        if item.kind == _DEFAULT and item.facts.get("role") == was:
            name = item.name.replace(f"for role {was} ", f"for role {becomes} ", 1)
            return replace(item, name=name, facts={**item.facts, "role": becomes})
        if item.facts.get("owner") != was:
            return item
        return replace(item, facts={**item.facts, "owner": becomes})

    return rewritten(whole, change)


def main_owner(whole: Snapshot) -> str:
    """Return the role that most objects belong to, "" where the engine has no owners."""
    owners = Counter(item.facts["owner"] for item in whole.values() if "owner" in item.facts)
    return owners.most_common(1)[0][0] if owners else ""


def rewritten(whole: Snapshot, change: Callable[[Object], Object]) -> Snapshot:
    """Return a snapshot with every object changed."""
    return Snapshot(map(change, whole.values()), dialect=whole.dialect, version=whole.version)


def _masked(item: Object) -> Object:
    facts = {name: _hidden(name, value) for name, value in item.facts.items()}
    return item if facts == item.facts else replace(item, facts=facts)


def _hidden(name: str, value: str) -> str:
    if name.endswith(_SECRET) and name.startswith("fdw option"):
        return _HIDDEN
    return redact(value) if name == "connection" else value

"""instar.toml, or [tool.instar] in pyproject.toml, becomes environments with everything merged.

The order in which a value is looked for: what the caller passes (an option), the environment's own table, the top of
the file, the default. A URL that is nowhere in the file is `DATABASE_URL`'s.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from instar.config import variables
from instar.config.environment import Environment, build
from instar.config.tables import File, Policy, Table
from instar.config.typed import Origin, check, convert, unknown
from instar.errors import ConfigError
from instar.model import Place

_FILE = "instar.toml"
_PYPROJECT = "pyproject.toml"
_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_OWN_KEYS = ("environments", "default_environment")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration file that has been read and checked; without a file, the defaults.

    `root` is the folder that relative paths start at, `values` the file's raw tables, `variables` what `${NAME}` may
    refer to: the environment, and the `.env` file below it.
    """

    root: Path
    file: Path | None = None
    values: Mapping[str, Any] = {}
    variables: Mapping[str, str] = {}
    origin: Origin = Origin()
    overrides: Mapping[str, Any] = {}

    def override(self, values: Mapping[str, Any]) -> "Config":
        """Return a copy in which `values`, keyed like the file, go before every environment's own."""
        check(values, Table, Origin())
        return msgspec.structs.replace(self, overrides=_overlay(self.overrides, values))

    def environments(self) -> list[str]:
        """Return the names of the environments in the file."""
        return list(self.values.get("environments", ()))

    def default(self) -> str:
        """Return the environment to use when none is asked for.

        That is INSTAR_ENVIRONMENT, else `default_environment`, else the only one, else "development".
        """
        named = self.variables.get("INSTAR_ENVIRONMENT") or self.values.get("default_environment")
        known = self.environments()
        return str(named or (known[0] if len(known) == 1 else "development"))

    def environment(
        self, name: str | None = None, *, database: str | None = None, offline: bool = False
    ) -> Environment:
        """Return the environment `name` with everything merged and all variables filled in.

        `database` goes before the URL of the file; where no environment is named, it means the one that has this
        URL. With `offline` a URL whose variables are not set stays as it is.
        Raises ConfigError for an unknown environment (in a file without any, every name is good) and for a variable
        that has no value.
        """
        asked = name or self._with_url(database)
        name = asked or self.default()
        known = self.environments()
        if known and name not in known:
            if not asked and not (self.variables.get("INSTAR_ENVIRONMENT") or self.values.get("default_environment")):
                raise ConfigError(
                    f"no environment is named, and {self.origin.file} has several: {', '.join(known)}",
                    hint=f'--environment {known[0]}, or default_environment = "{known[0]}" at the top of the file',
                )
            raise unknown(f"there is no environment {name!r} in {self.origin.file}", name, known)
        merged = self._merged(name)
        source = self._add_url(merged, database)
        if offline and not self._fillable(merged.get("url")):
            merged["url"] = str(merged["url"]).replace("${", "$${")
        table = convert(self._expand(merged, (), name), Table, self.origin)
        return build(name, table, self.root, source, self.origin.file)

    def _with_url(self, database: str | None) -> str:
        """Return the environment whose own URL `database` is: what its policy asks for holds by whatever way."""
        if not database or self.variables.get("INSTAR_ENVIRONMENT"):
            return ""
        exact = next((name for name in self._by_default() if self._own_url(name) == database), "")
        return exact or next(iter(self._of(database)), "")

    def _by_default(self) -> list[str]:
        return sorted(self.environments(), key=lambda name: name != self.default())

    def _of(self, url: str) -> list[str]:
        """Return the environments whose own URL means the same database as `url`."""
        from instar import dialects

        return [name for name in self._by_default() if dialects.same(self._own_url(name), url, self.root)]

    def caution(self, used: Environment) -> str:
        """Say which policies do not hold although one might think so; "" where the environment is its database's own.

        That is so where the database belongs to another environment that has a policy, or to none at all.
        """
        asking = [name for name in self.environments() if self._demands(name)]
        if not used.url or not asking:
            return ""
        owners = self._of(used.url)
        if used.name not in owners and (others := [name for name in owners if name in asking]):
            return (
                f"this is the database of {others[0]}, whose policy does not hold: the environment is {used.name}; "
                f"--environment {others[0]} goes by it"
            )
        if owners or used.name in asking or used.url_source != "--database":
            return ""
        return (
            f"no environment has this database, so no policy holds: the environment is {used.name}; "
            f"{' and '.join(asking)} {'has one' if len(asking) == 1 else 'have one'}"
        )

    def _demands(self, name: str) -> bool:
        return bool(self._merged(name).get("policy", {}).keys() - {"rules"})

    def _own_url(self, name: str) -> str:
        url = self.values["environments"][name].get("url", "")
        try:
            return variables.expand_url(str(url), self.variables)
        except (variables.UnsetError, variables.MalformedError):
            return str(url)

    def _merged(self, name: str) -> dict[str, Any]:
        shared = {key: value for key, value in self.values.items() if key not in _OWN_KEYS}
        return _overlay(_overlay(shared, self.values.get("environments", {}).get(name, {})), self.overrides)

    def _add_url(self, merged: dict[str, Any], database: str | None) -> str:
        """Put the URL that counts into `merged`; return where it comes from."""
        if database:
            merged["url"] = database
            return "--database"
        if merged.get("url"):
            return str(self.origin.file)
        if self.variables.get("DATABASE_URL"):
            merged["url"] = "${DATABASE_URL}"
            return "DATABASE_URL"
        return ""

    def _expand(self, value: Any, path: tuple[str, ...], name: str) -> Any:
        if isinstance(value, dict):
            return {key: self._expand(item, (*path, key), name) for key, item in value.items()}
        if isinstance(value, list):
            return [self._expand(item, path, name) for item in value]
        return self._fill(value, path, name) if isinstance(value, str) and "${" in value else value

    def _fillable(self, url: object) -> bool:
        try:
            variables.expand_url(str(url or ""), self.variables)
        except variables.UnsetError:
            return False
        except variables.MalformedError:
            return True
        return True

    def _fill(self, text: str, path: tuple[str, ...], name: str) -> str:
        fill = variables.expand_url if path == ("url",) else variables.expand
        try:
            return fill(text, self.variables)
        except variables.UnsetError as error:
            message = f"the variable {error.args[0]} is not set; {'.'.join(path)} of the environment {name!r} needs it"
            hint = f"set it, put it into .env, or write ${{{error.args[0]}:-default}}"
        except variables.MalformedError:
            message = f"{'.'.join(path)} holds a '${{' that begins no variable"
            hint = "write ${NAME} or ${NAME:-default}; $${ stands for ${ itself"
        raise ConfigError(message, hint=hint, place=self._place(path, name))

    def _place(self, path: tuple[str, ...], name: str) -> Place | None:
        own = self.values.get("environments", {}).get(name, {})
        return self.origin.place(("environments", name, *path) if path[0] in own else path)


def load(start: Path, *, file: Path | None = None, environ: Mapping[str, str]) -> Config:
    """Read the configuration that holds in the folder `start`: `file`, else the nearest one upwards, else the defaults.

    Raises ConfigError when it cannot be read or has mistakes, with the line of the mistake.
    """
    start = start.absolute()
    found = (start / file) if file else find(start)
    root = found.parent if found else start
    known = _variables(root, start, environ)
    if found is None:
        return Config(root=root, variables=known)
    values, origin = _read(found, start)
    check(values, File, origin)
    _require_promotions(values, origin)
    return Config(root=root, file=found, values=values, variables=known, origin=origin)


def _require_promotions(values: Mapping[str, Any], origin: Origin) -> None:
    """Check that policies promote from environments that there are: it must not show up in the middle of a release."""
    known = list(values.get("environments", {}))
    tables = [((), values), *((("environments", name), values["environments"][name]) for name in known)]
    for path, table in tables:
        name = table.get("policy", {}).get("promote_from", "")
        if name and "${" not in name and name not in known:
            where = origin.place((*path, "policy", "promote_from"))
            key = ".".join((*path, "policy", "promote_from"))
            raise unknown(f"{key}: there is no environment {name!r} in {origin.file}", name, known, where)


def find(start: Path) -> Path | None:
    """Return the nearest instar.toml, or pyproject.toml with [tool.instar], in `start` or above it."""
    for folder in (start, *start.parents):
        own, shared = folder / _FILE, folder / _PYPROJECT
        has_own, has_shared = own.is_file(), shared.is_file() and "tool" in _instar_table(shared)
        if has_own and has_shared:
            hint = "keep one of them: delete instar.toml or the table [tool.instar]"
            raise ConfigError(f"both {own} and {shared} configure instar", hint=hint)
        if has_own or has_shared:
            return own if has_own else shared
    return None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file, made from the types that check it."""
    return {"$schema": _SCHEMA, "title": _FILE, **msgspec.json.schema(File)}


def _instar_table(pyproject: Path) -> dict[str, Any]:
    """Return {"tool": {"instar": ...}}, or nothing when the file does not speak of instar."""
    text = pyproject.read_text(encoding="utf-8")
    if "instar" not in text:
        return {}
    tool = _parse(text, str(pyproject)).get("tool", {})
    return {"tool": tool} if "instar" in tool else {}


def _read(found: Path, start: Path) -> tuple[dict[str, Any], Origin]:
    shown = str(found.relative_to(start)) if found.is_relative_to(start) else str(found)
    try:
        text = found.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    values = _parse(text, shown)
    if found.name != _PYPROJECT:
        return values, Origin(shown, text)
    if "instar" not in values.get("tool", {}):
        raise ConfigError(f"{shown} has no table [tool.instar]")
    return values["tool"]["instar"], Origin(shown, text, ("tool", "instar"))


def _parse(text: str, shown: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from instar.config.locate import syntax_place

        reason = str(error).partition(" (at ")[0]
        raise ConfigError(f"{shown} is not TOML: {reason}", place=syntax_place(text, shown, str(error))) from None


def _variables(root: Path, start: Path, environ: Mapping[str, str]) -> dict[str, str]:
    for folder in (root, start):
        if (folder / ".env").is_file():
            return {**variables.read_env_file(folder / ".env", environ), **environ}
    return dict(environ)


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _overlay(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return merged


__all__ = ["Config", "Environment", "Policy", "find", "load", "schema"]

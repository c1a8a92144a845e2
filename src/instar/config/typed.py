"""Raw TOML becomes typed values, or a message that points at the key that is wrong."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec

from instar.config import duration, window
from instar.errors import ConfigError
from instar.model import Place

Path = tuple[str, ...]
T = TypeVar("T")
_WORDS = {
    "str": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


class Origin(msgspec.Struct, frozen=True):
    """The text that values come from, so that messages can point into it. `prefix` is ("tool", "instar") or ()."""

    file: str = ""
    text: str = ""
    prefix: Path = ()

    def place(self, path: Path) -> Place | None:
        """Return where `path` stands, None when the values come from no file."""
        from instar.config.locate import place

        return place(self.text, self.file, self.prefix + path) if self.file else None


def check(value: object, expected: Any, origin: Origin, path: Path = ()) -> None:
    """Check the raw `value` of the key `path` against a type of `tables`. Raises ConfigError at the first mistake."""
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        _check_table(_table(value, origin, path), expected, origin, path)
    elif _item_type(expected) is not None:
        for name, item in _table(value, origin, path).items():
            check(item, _item_type(expected), origin, (*path, name))
    else:
        _convert(value, expected, origin, path)


def convert(table: Mapping[str, object], expected: type[T], origin: Origin) -> T:
    """Return a checked table as its type."""
    try:
        return msgspec.convert(table, expected)
    except msgspec.ValidationError as error:
        raise ConfigError(f"the configuration is wrong: {error}", place=origin.place(())) from error


def unknown(message: str, name: str, known: list[str], where: Place | None = None) -> ConfigError:
    """Return the error for a name that is not known, with the nearest that is as its hint."""
    from instar.registry import did_you_mean

    return ConfigError(message, hint=did_you_mean(name, known), place=where)


def _check_table(table: Mapping[str, object], expected: type[msgspec.Struct], origin: Origin, path: Path) -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(expected)}
    for name, item in table.items():
        if name not in fields:
            where = f"in [{'.'.join(path)}]" if path else "at the top of the file"
            raise unknown(f"unknown key {name!r} {where}", name, list(fields), origin.place((*path, name)))
        check(item, fields[name], origin, (*path, name))


def _table(value: object, origin: Origin, path: Path) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    name = ".".join(path)
    raise ConfigError(f"{name} must be a table", hint=f"write [{name}] above its keys", place=origin.place(path))


def _item_type(expected: Any) -> Any:
    """Return the type of a dictionary's values; None when `expected` is no dictionary."""
    if get_origin(expected) is Annotated:
        expected = get_args(expected)[0]
    return get_args(expected)[1] if get_origin(expected) is dict else None


def _convert(value: object, expected: Any, origin: Origin, path: Path) -> None:
    try:
        msgspec.convert(value, expected)
        _inspect(value, expected)
    except msgspec.ValidationError as error:
        reason = str(error).partition(" - at ")[0]
        raise ConfigError(f"{'.'.join(path)}: {_plain(reason, value, expected)}", place=origin.place(path)) from None
    except ValueError as error:
        raise ConfigError(f"{'.'.join(path)}: {error}", place=origin.place(path)) from None


def _inspect(value: Any, expected: Any) -> None:
    """Look at what the type alone does not tell, as the key's `extra` says. Raises ValueError with a sentence."""
    extra = {name: item for meta in getattr(expected, "__metadata__", ()) for name, item in (meta.extra or {}).items()}
    if _has_variable(value):
        return
    if extra.get("duration"):
        duration.parse(value)
    for text in value if extra.get("windows") else ():
        if not _has_variable(text):
            window.parse(text)
    if extra.get("regex"):
        _require_regex(value)
    if "fields" in extra:
        _require_fields(value, extra["fields"])


def _require_regex(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None


def _require_fields(template: str, known: tuple[str, ...]) -> None:
    for name in re.findall(r"\{(\w*)\}", template):
        if name not in known:
            from instar.registry import did_you_mean

            hint = did_you_mean(name, list(known))
            raise ValueError(f"there is no placeholder {{{name}}} here; {hint}")


def _has_variable(value: object) -> bool:
    """Tell whether the value can only be judged when its environment is used."""
    return isinstance(value, str) and "${" in value


def _plain(reason: str, value: object, expected: Any) -> str:
    """Say what msgspec's `reason` says, in the words of somebody who writes TOML."""
    if "enum" in reason:
        wrong = re.search(r"'.*'", reason)
        return f"{wrong[0] if wrong else repr(value)} is not one of {', '.join(_choices(expected))}"
    reason = re.sub(r"`([a-z| ]+)`", lambda match: " or ".join(_WORDS[word] for word in match[1].split(" | ")), reason)
    return reason[:1].lower() + reason[1:]


def _choices(expected: Any) -> list[str]:
    """Return the texts that an (optional, annotated) Literal allows."""
    found = [argument for argument in get_args(expected) if isinstance(argument, str)]
    return found or [text for argument in get_args(expected) for text in _choices(argument)]

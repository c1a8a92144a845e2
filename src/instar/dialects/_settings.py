"""What statements set in a session, as far as it decides what later ones do. instar undoes it after each migration."""

from instar.catalog import Schema

_VERSION = "@version"


def begin(schema: Schema, version: str) -> None:
    """Forget what earlier migrations have set."""
    if schema.settings.get(_VERSION, "") != version:
        kept = {name: value for name, value in schema.settings.items() if name.startswith("@")}
        schema.settings = {**kept, _VERSION: version}


def own(schema: Schema, name: str, value: str) -> None:
    """Note what a new session has by itself."""
    schema.settings[f"@{name}"] = value


def value(schema: Schema, name: str, usual: str) -> str:
    """Return a setting as it is now."""
    return schema.settings.get(name, schema.settings.get(f"@{name}", usual))

"""The JSON Schema of the configuration file, for editors and for CI."""

from typing import Any

import msgspec

from instar.config.tables import File

_URL = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the schema, made from the types that check the file."""
    return {"$schema": _URL, "title": "instar.toml", **msgspec.json.schema(File)}

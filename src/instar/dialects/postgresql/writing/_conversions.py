"""Whether a column's type changes without USING: by a cast that the server makes by itself."""

from functools import cache

from instar.catalog import Schema

_TEXTS = ("text", "character varying")


@cache
def assignable(before: str, after: str) -> bool:
    """Whether ALTER COLUMN ... TYPE is accepted as it is; False where it depends on a type that is not known here."""
    if before == after or (not before.endswith("]") and after.startswith(_TEXTS) and not after.endswith("]")):
        return True
    if "." in before.partition("(")[0] or "." in after.partition("(")[0]:  # a type of the user's
        return False
    from instar.dialects.postgresql import analysis

    schema = Schema(default="public")
    analysis.learn(analysis.analyse(f"CREATE TABLE one (value {before})", schema), schema, "")
    effect = analysis.analyse(f"ALTER TABLE one ALTER COLUMN value TYPE {after}", schema)
    return not effect.error and not any(work.unknown for work in effect.work)

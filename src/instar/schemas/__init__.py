"""Databases, files and snapshots joined: what `dump`, `diff`, `drift` and `create --from-diff` say."""

from instar.schemas.comparing import Comparison, compare, drift
from instar.schemas.draft import Draft, draft
from instar.schemas.targets import Reading, Target, read

__all__ = ["Comparison", "Draft", "Reading", "Target", "compare", "draft", "drift", "read"]

"""What lint found becomes text: one file per output. Each has `text(result)`; `human` also has `rich(result)`.

An output that quotes the statements of findings says so with `QUOTES`.
Paths are relative to the repository. What is suppressed or in the baseline is shown to programs that know the notion
(json, sarif, junit), and left out elsewhere.
"""

from collections.abc import Callable

from msgspec import Struct

from instar.judgement import About, Verdicts
from instar.model import Finding


class Result(Struct, frozen=True):
    """The verdicts, those findings that make the call fail, and what explains a rule by its name."""

    verdicts: Verdicts
    failing: tuple[Finding, ...]
    explain: Callable[[str], About]

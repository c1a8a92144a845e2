"""A plan is carried out: every migration in its transaction with its history row, resumable after any crash.

How a crash is visible, and nothing is done twice: the log row "started" is committed before work begins (with the
commit of the migration before it, where there is one); history, checkpoint and "completed" are committed with the
work itself. What cannot be in a transaction has its intent committed before it and its end after it.
"""

from instar.execute.base import Done, Options
from instar.execute.run import Execution

__all__ = ["Done", "Execution", "Options"]

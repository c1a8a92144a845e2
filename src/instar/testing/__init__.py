"""Throw-away servers and databases for tests of migrations."""

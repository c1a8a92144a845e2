"""Snapshots of databases: compared, ordered, written as SQL."""

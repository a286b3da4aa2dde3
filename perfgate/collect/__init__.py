"""Runs -> profiles, and which of their sessions are the current ones."""

from perfgate.collect.current import Selection, find_legs, find_older_files, find_together, select
from perfgate.collect.from_profiles import drop_baseline_runs
from perfgate.collect.merging import add_failed, merge
from perfgate.collect.runs import Collection, Key, SessionTally, collect
from perfgate.collect.shards import Part, check_shards, parts_of

__all__ = [
    "Collection",
    "Key",
    "Part",
    "Selection",
    "SessionTally",
    "add_failed",
    "check_shards",
    "collect",
    "drop_baseline_runs",
    "find_legs",
    "find_older_files",
    "find_together",
    "merge",
    "parts_of",
    "select",
]

"""Runs -> profiles, and which of their sessions are the current ones."""

from perfgate.collect.current import Selection, select
from perfgate.collect.given import collected_before
from perfgate.collect.runs import Collection, Key, Seen, collect

__all__ = ["Collection", "Key", "Seen", "Selection", "collect", "collected_before", "select"]

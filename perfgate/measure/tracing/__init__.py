"""Trace the stages inside a run: where the time went, and how often each stage was called."""

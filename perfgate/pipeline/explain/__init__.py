"""Explain what applies to a benchmark, or what a message or the status of a value means."""

"""Traces, and what can be said of them without a baseline."""

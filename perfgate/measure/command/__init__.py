"""Measure a command: start it, wait for it, name it."""

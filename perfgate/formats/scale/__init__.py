"""Logs beyond one machine: parts of any size counted where they are, and their counts put together exactly."""

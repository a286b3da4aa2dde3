"""Explain what applies to a benchmark, or what a message means."""

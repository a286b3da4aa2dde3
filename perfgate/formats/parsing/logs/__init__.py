"""Logs row by row: what a row is, and what a map makes of it."""

"""Measure a part of a Python program from inside."""

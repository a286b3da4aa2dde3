"""Verdict -> document: the report as data, which every rendering draws."""

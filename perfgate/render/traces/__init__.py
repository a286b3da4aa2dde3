"""Traces as text, as JSON, and as files of other programs."""

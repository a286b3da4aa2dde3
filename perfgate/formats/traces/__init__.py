"""Traces of other tools: spans put together to trees."""

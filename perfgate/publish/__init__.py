"""Strings -> GitHub. The standard library only: the job that holds a token loads nobody else's code."""

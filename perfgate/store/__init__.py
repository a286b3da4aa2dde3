"""Baselines in git: their files, their refresh, and reading them from another commit."""

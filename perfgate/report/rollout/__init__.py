"""Verdicts at and behind a rollout -> documents."""

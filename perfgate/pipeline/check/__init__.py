"""Use case `perfgate check`: runs against baselines."""

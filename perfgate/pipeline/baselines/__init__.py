"""Use cases `perfgate baseline` and `perfgate waive`: what is committed in git."""

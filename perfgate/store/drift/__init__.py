"""References of input samples in git."""

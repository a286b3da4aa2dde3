"""Use cases `perfgate init` and `perfgate demo`."""

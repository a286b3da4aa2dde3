"""Use cases `perfgate runs` and `perfgate compact`: which runs there are, their removal, and older ones in one file."""

"""`perfgate golden` and `perfgate trace`."""

"""Working trees: the user's own, and temporary ones outside it."""

"""The commit that the gate is read from, and what a change does to its own gate."""

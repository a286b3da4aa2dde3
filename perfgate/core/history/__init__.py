"""The records of a history: what sessions measured, and what became of each value."""

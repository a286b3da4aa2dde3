"""Profile a part of a program on request: calls by function, exact, and where the time went."""

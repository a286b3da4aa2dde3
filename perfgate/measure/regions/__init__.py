"""Counting the instructions of a part of this process, by requests to the Valgrind that runs it."""

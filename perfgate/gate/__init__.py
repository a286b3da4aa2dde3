"""Judging: comparability, the methods, the verdict. Pure: no disk, clock, random numbers or network."""

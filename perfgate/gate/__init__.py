"""Judging: comparability, the methods, the verdict. Pure: no disk, clock, dice or network."""

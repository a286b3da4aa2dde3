"""The history of a suite: where values changed their level, what all of them did together, what crept away."""

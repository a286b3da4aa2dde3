"""Numbers in, numbers out: quantiles and tails, ranks and shifts, medians, families, Student's t, sessions.

Plain Python throughout: the samples of a gate are small, and importing numpy
alone takes longer than judging a suite.
"""

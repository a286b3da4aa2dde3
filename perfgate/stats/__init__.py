"""Numbers in, numbers out: quantiles, ranks, Student's t, sessions and medians.

Plain Python throughout: the samples of a gate are small, and importing numpy
alone takes longer than judging a suite.
"""

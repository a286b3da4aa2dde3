"""Pure statistics: quantiles and tails, rank tests and shifts, medians, multiplicity, distributions, sessions.

Plain Python throughout: the samples of a gate are small, and importing numpy
alone takes longer than judging a suite.
"""

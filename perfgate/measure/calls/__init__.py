"""Measure the calls of a function: how often one sample repeats it, and a run file of what was measured."""

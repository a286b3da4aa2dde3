"""Where the time of a benchmark that got worse went: stage by stage, and function by function."""

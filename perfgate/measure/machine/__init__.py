"""Facts about this machine, its CI job and the measured commit."""

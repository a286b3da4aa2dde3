"""Use case `perfgate ab`: two versions measured interleaved in one job."""

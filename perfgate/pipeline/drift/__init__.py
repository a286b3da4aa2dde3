"""`perfgate drift` and `perfgate baseline drift`: input samples against their reference."""

"""`perfgate drift`: counts of input samples and their reference to a verdict."""

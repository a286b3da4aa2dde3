"""What was found after the merge -> document."""

"""What a suite did over time -> document: one row a value, the steps with their commits, one benchmark as a log."""

"""What a configuration says of files that are not perfgate's: fields of rows, and series of counters."""

"""Input samples: rows to columns, to the summary of a reference, and to counts against one."""

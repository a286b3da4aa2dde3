"""Peak memory, by the best method that the machine offers."""

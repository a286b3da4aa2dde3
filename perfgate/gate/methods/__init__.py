"""The decision about one row: one module for each method, and what the methods share."""

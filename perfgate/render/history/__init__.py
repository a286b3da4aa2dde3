"""A history as a page with a picture for each value, and as a table for spreadsheets."""

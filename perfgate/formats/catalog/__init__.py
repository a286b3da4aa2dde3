"""The formats that are known: one row each, with the marks by which it is recognised."""

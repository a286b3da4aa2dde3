"""One pure parser for each foreign format: a source in, records out."""

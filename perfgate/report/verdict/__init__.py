"""The report of a check: its parts, its values, its sentence and what to do next."""

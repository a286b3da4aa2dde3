"""The report of a check as one HTML file that asks nobody for anything."""

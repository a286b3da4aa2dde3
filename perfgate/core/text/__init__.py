"""Text in and out: canonical and strict JSON, dates, and units."""

"""What readers share: bounded sources, values, units, timestamps, records."""

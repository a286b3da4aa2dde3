"""The use cases: collect, check, refresh, run, explain, demo, init. Each a function with explicit arguments."""

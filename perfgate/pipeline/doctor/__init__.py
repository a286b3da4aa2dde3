"""`perfgate doctor`: what this machine can measure, and what to do about each finding."""

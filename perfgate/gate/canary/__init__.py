"""The decision on a canary: two arms of a service to promote, roll back or hold."""

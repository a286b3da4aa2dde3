"""Stages and traces to the parts of a document."""

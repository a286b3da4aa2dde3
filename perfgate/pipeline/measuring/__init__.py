"""Measure commands: run them, refuse those that repeat for a fixed time, hand them their settings, profile them."""

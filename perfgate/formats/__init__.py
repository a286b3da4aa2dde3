"""Readers: one pure parser for each format; `discovery` alone opens run inputs."""

"""Volumes: which one is recorded to, whether it is the right one, and room on it."""

"""Faces, plates, re-identification, where it is allowed. Empty yet."""

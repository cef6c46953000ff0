"""Segments on disk. Depends on the disk only: no detector, server, bus or database can stop it."""

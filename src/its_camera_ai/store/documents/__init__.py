"""The files that people write: read with line numbers, written back, compared with what is."""

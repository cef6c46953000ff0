"""Recording files: their layout, writing and reading one, and where it belongs on a volume."""

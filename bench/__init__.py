"""Benchmarks: each prints a figure against a named peer or limit, measured in the same run."""

"""The synthetic street with exact truth, and simulated twins of clock, disk and network."""

"""Are all recordings there and sound? Checks, repairs, the index made anew."""

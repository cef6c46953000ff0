"""From packets to files: what is recorded when, written safely, taken up after a crash."""

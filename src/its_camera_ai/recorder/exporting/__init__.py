"""Recordings handed out: clips, and the evidence that they are genuine."""

"""Tracks on the ground: positions, speeds, lengths, lanes, and each vehicle's record at a line."""

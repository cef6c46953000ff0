"""One file per step; the numbers give the order."""

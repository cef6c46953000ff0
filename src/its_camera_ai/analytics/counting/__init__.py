"""Crossings of lines, visits of zones, running totals."""

"""Tracks → facts: line crossings, zone visits, running totals."""

"""Measurements in the formats that others read."""

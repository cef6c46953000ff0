"""How good is it: scores of detections, tracks and counts against truth, and what they were before.

``docs/evaluation.md`` tells how to use this on one's own data.
"""

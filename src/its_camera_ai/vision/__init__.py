"""Frames → detections: motion, models, and who is looked at next."""

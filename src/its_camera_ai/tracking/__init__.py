"""Detections → tracks, by stream time only, from 2.5 to 30 looks per second."""

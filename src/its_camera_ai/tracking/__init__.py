"""Detections → tracks, by stream time only, from 2.5 to 30 looks per second."""

from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.tracker import Tracker

__all__ = ["Tracker", "TrackerConfig"]

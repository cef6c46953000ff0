"""Tracks → facts: line crossings, zone visits, running totals."""

from its_camera_ai.analytics.config import AnalyticsConfig
from its_camera_ai.analytics.counts import Counts, LineCounts, Tally, ZoneCounts
from its_camera_ai.analytics.scene import SceneAnalytics

__all__ = ["AnalyticsConfig", "Counts", "LineCounts", "SceneAnalytics", "Tally", "ZoneCounts"]

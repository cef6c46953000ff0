"""Whose place and body may be trusted for a judgement on fractions of a second."""

from its_camera_ai.analytics.incidents.view import Bools, View

FOLLOWED_S = 1.0
"""A younger track may be a part of another body, and its speed is still being found out."""
ONE_CLASS = 0.6
"""A body that is taken for this and that by turns is two in one box, or half a one."""


def trusted(view: View) -> Bools:
    """(N,) followed for a while, and of one class for most of it."""
    frame = view.frame
    sure: Bools = (frame.seen_s >= FOLLOWED_S) & (frame.class_share >= ONE_CLASS)
    return sure

"""The dashboard in a real Chromium against a running site."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.conftest import NEW_PASSWORD, SEGMENT_S
from tests.e2e.pages import Dashboard, LivePicture, Playback
from tests.support.site import Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.system]


def play(picture: LivePicture) -> None:
    """Wait until a live picture runs."""
    wait_until(
        lambda: picture.state == "playing" and picture.video.decoded_frames > 0,
        f"pictures of {picture.camera_id} (its state is {picture.state!r})",
        timeout_s=60,
    )


def test_live_video_plays(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("live")
    camera_id = dashboard.camera_ids()[0]
    dashboard.open(f"cameras/{camera_id}")
    picture = dashboard.picture(camera_id)
    play(picture)
    began = picture.video
    wait_until(
        lambda: (
            picture.video.decoded_frames > 30 and picture.video.current_s > began.current_s + 1.0
        ),
        "31 decoded frames and a second of playing",
        timeout_s=60,
    )
    assert picture.video.width_px > 0
    wait_until(lambda: (picture.latency_ms or 9999) <= 2000, "a picture at most 2 s old")
    dashboard.screenshot(screenshots / "camera.png")


def test_every_camera_of_the_grid_plays(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("live")
    for camera_id in dashboard.camera_ids():
        picture = dashboard.picture(camera_id)
        picture.root.scroll_into_view_if_needed()
        play(picture)
    dashboard.screenshot(screenshots / "live.png")


def test_boxes_move_with_the_picture(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("live")
    pictures = [dashboard.picture(camera_id) for camera_id in dashboard.camera_ids()]
    found = wait_until(lambda: _with_boxes(pictures), "a box on some camera", timeout_s=120)
    picture = found[0]
    began_s = picture.media_time_s
    seen: set[str] = set()

    def saw_movement() -> bool:
        if box := picture.first_box:
            seen.add(box)
        return len(seen) >= 5

    wait_until(saw_movement, "a first box at five different places", timeout_s=120)
    assert picture.media_time_s > began_s
    for box in seen:
        left, top, right, bottom = map(float, box.split(","))
        assert left < right
        assert top < bottom
    dashboard.screenshot(screenshots / "boxes.png")


def _with_boxes(pictures: list[LivePicture]) -> list[LivePicture]:
    return [picture for picture in pictures if picture.box_count > 0]


def test_counts_rise(dashboard: Dashboard) -> None:
    dashboard.open("live")
    dashboard.camera_ids()
    began = dashboard.crossings()
    wait_until(lambda: dashboard.crossings() > began, "another crossing", timeout_s=180)


def test_camera_page_counts_by_class(dashboard: Dashboard) -> None:
    """The classes of a line and direction add up to its total."""
    dashboard.open("live")
    for camera_id in dashboard.camera_ids():
        dashboard.open(f"cameras/{camera_id}")
        dashboard.page.get_by_test_id("camera-status").wait_for()
        play(dashboard.picture(camera_id))
        counts = dashboard.camera_counts()
        totals = {name: n for name, n in counts.items() if name.endswith("-total")}
        for name, total in totals.items():
            stem = name.removesuffix("total")
            classes = [n for other, n in counts.items() if other.startswith(stem)]
            assert sum(classes) == 2 * total, (name, counts)


def test_playback_plays_a_recording(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("live")
    playback = Playback(dashboard, dashboard.camera_ids()[0])
    # A file is listed when it is closed, and the page looks again every 15 s.
    wait_until(lambda: playback.recorded_s() >= 4 * SEGMENT_S, "four files", timeout_s=180)
    playback.play_from_first_stretch()
    wait_until(
        lambda: playback.video.decoded_frames > 0 and not playback.video.paused,
        "the recording to play",
        timeout_s=60,
    )
    began, clock = playback.video, playback.clock
    wait_until(
        lambda: playback.video.current_s > began.current_s + 1.0,
        "a second of the recording",
        timeout_s=60,
    )
    assert playback.video.width_px > 0
    assert clock
    assert playback.clock != clock
    dashboard.screenshot(screenshots / "playback.png")


def test_playback_goes_on_in_the_next_file(dashboard: Dashboard) -> None:
    dashboard.open("live")
    playback = Playback(dashboard, dashboard.camera_ids()[0])
    wait_until(lambda: playback.recorded_s() >= 3 * SEGMENT_S, "three files", timeout_s=180)
    playback.set_speed("8")  # key frames alone, over more than one file
    playback.play_from_first_stretch()
    began = wait_until(lambda: playback.shown_ms()[0], "the first file to play", timeout_s=60)
    wait_until(
        lambda: (playback.shown_ms()[0] or 0) > began + 1.5 * 1000 * SEGMENT_S,
        "the next file to play",
        timeout_s=90,
    )


def test_playback_steps_by_one_picture(dashboard: Dashboard) -> None:
    dashboard.open("live")
    playback = Playback(dashboard, dashboard.camera_ids()[0])
    wait_until(lambda: playback.recorded_s() >= 4 * SEGMENT_S, "four files", timeout_s=180)
    playback.play_from_first_stretch()
    wait_until(lambda: playback.picture_ms > 0, "a picture", timeout_s=60)
    playback.play_pause()
    wait_until(lambda: not playback.is_playing, "the pause")
    steps = [_step(playback, ahead=True) for _ in range(3)]
    while not _within_a_file(steps) and len(steps) < 20:
        steps.append(_step(playback, ahead=True))
    first, second, third = steps[-3:]
    assert first < second < third < first + 1000
    assert _step(playback, ahead=False) == pytest.approx(second, abs=1)
    assert _step(playback, ahead=False) == pytest.approx(first, abs=1)


def _within_a_file(steps: list[float]) -> bool:
    """Whether the last three pictures are evenly apart: at the border of two files their clocks may
    differ (steps over borders: ``tests/api/test_recorded_pictures.py``)."""
    first, second, third = steps[-3:]
    return abs((third - second) - (second - first)) < 5


def _step(playback: Playback, *, ahead: bool) -> float:
    """The wall time in ms of the picture that a step leads to, once it is on the screen."""
    due_ms = playback.step(ahead=ahead)
    # a playlist's times are whole milliseconds
    wait_until(lambda: abs(playback.picture_ms - due_ms) <= 2, "the picture beside")
    return due_ms


def test_a_picture_shows_under_the_pointer(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("live")
    playback = Playback(dashboard, dashboard.camera_ids()[0])
    wait_until(lambda: playback.recorded_s() >= 4 * SEGMENT_S, "four files", timeout_s=180)
    wait_until(playback.picture_under_pointer, "a small picture", timeout_s=120)
    dashboard.screenshot(screenshots / "playback-hover.png")


def test_two_cameras_play_together(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("live")
    playback = Playback(dashboard, *dashboard.camera_ids()[:2])
    wait_until(lambda: playback.stretches() > 1, "recordings of both cameras", timeout_s=180)
    playback.play_from_first_stretch()

    def together() -> bool:
        first, second = playback.shown_ms()
        return first is not None and second is not None and abs(first - second) < 85

    wait_until(together, "both to show the same moment, to a picture", timeout_s=60)
    clock = playback.clock
    wait_until(lambda: playback.clock != clock, "the clock to run on")
    dashboard.screenshot(screenshots / "playback-two.png")


def test_events_are_listed_and_filtered(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("events")
    wait_until(lambda: _rows_after_refresh(dashboard), "an event", timeout_s=120)
    dashboard.screenshot(screenshots / "events.png")
    dashboard.page.get_by_test_id("filter-kind").select_option("line_crossed")
    assert "kind=line_crossed" in dashboard.page.url

    def crossings_alone() -> bool:
        rows = _rows_after_refresh(dashboard)
        return len(rows) > 0 and all("Line crossed" in row for row in rows)

    wait_until(crossings_alone, "crossings and nothing else", timeout_s=180)


def _rows_after_refresh(dashboard: Dashboard) -> list[str]:
    """What the rows say once the answer is there: another click would break off a slow one."""
    with dashboard.page.expect_response(lambda answer: "/events?" in answer.url) as asked:
        dashboard.page.get_by_role("button", name="Refresh").click()
    asked.value.finished()
    return dashboard.page.locator('[data-testid="events-table"] tbody tr').all_inner_texts()


def test_camera_states_are_listed(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("live")
    camera_ids = dashboard.camera_ids()
    dashboard.open("system")
    for camera_id in camera_ids:
        row = dashboard.page.get_by_test_id(f"status-{camera_id}")
        expect(row).to_contain_text("online", timeout=60_000)
    dashboard.screenshot(screenshots / "cameras.png")


def test_models_are_shown_and_tested(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("models")
    comparison = dashboard.page.get_by_test_id("comparison")
    expect(comparison).to_contain_text("As the settings say")
    expect(comparison).to_contain_text("moving-objects")
    dashboard.page.get_by_role("button", name="Look", exact=True).click()
    expect(dashboard.page.get_by_test_id("test-result")).to_contain_text("nothing to compare")
    expect(dashboard.page.get_by_role("button", name="Roll back")).to_be_disabled()
    dashboard.screenshot(screenshots / "models.png")


def test_pages_write_no_errors(dashboard: Dashboard) -> None:
    """Also no violation of the content security policy, which the console would tell."""
    dashboard.open("live")
    camera_id = dashboard.camera_ids()[0]
    play(dashboard.picture(camera_id))
    for route, part in (
        (f"cameras/{camera_id}", "recent-events"),
        (f"playback?camera={camera_id}", "timeline"),
        ("events", "events-table"),
        ("models", "comparison"),
        ("system", "status-table"),
    ):
        dashboard.open(route)
        dashboard.page.get_by_test_id(part).wait_for()
    assert dashboard.complaints == []


def test_log_out_ends_the_session(
    chromium: Browser, signed_in: BrowserContext, running_site: Site
) -> None:
    """In a browser of its own, so that the other tests keep their session."""
    context = chromium.new_context()
    try:
        tab = Dashboard(context, running_site.url)
        tab.open("events")
        tab.log_in(running_site.username, NEW_PASSWORD)
        tab.expect_heading("Events")
        tab.log_out()
        tab.expect_heading("Log in")
        tab.open("events")
        tab.expect_heading("Log in")
    finally:
        context.close()

"""The dashboard as a person uses it: page objects for browser tests."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

WAIT_MS = 60_000
expect.set_options(timeout=WAIT_MS)


@dataclass(frozen=True, slots=True)
class Video:
    """What a video element says of itself."""

    current_s: float
    paused: bool
    decoded_frames: int
    width_px: int

    @classmethod
    def of(cls, element: Locator) -> "Video":
        return cls(
            *element.evaluate(
                "v => [v.currentTime, v.paused,"
                " v.getVideoPlaybackQuality().totalVideoFrames, v.videoWidth]"
            )
        )


class LivePicture:
    """One camera's live picture with its overlay."""

    def __init__(self, page: Page, camera_id: str) -> None:
        self.camera_id = camera_id
        self.root = page.get_by_test_id(f"live-{camera_id}")
        self._overlay = page.get_by_test_id(f"overlay-{camera_id}")

    @property
    def state(self) -> str:
        return self.root.get_attribute("data-state") or ""

    @property
    def latency_ms(self) -> int | None:
        text = self.root.get_attribute("data-latency-ms")
        return int(text) if text else None

    @property
    def video(self) -> Video:
        return Video.of(self.root.locator("video"))

    @property
    def box_count(self) -> int:
        return int(self._overlay.get_attribute("data-boxes") or 0)

    @property
    def first_box(self) -> str:
        """``left,top,right,bottom`` in pixels of the frame; empty where none is drawn."""
        return self._overlay.get_attribute("data-box0") or ""

    @property
    def media_time_s(self) -> float:
        return float(self._overlay.get_attribute("data-media-time") or "nan")


class Dashboard:
    """One browser tab.

    Attributes:
        complaints: errors that the page wrote to the console.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self._url = url.rstrip("/")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def open(self, route: str = "live") -> None:
        """Go to a page; ``live``, ``cameras/ID``, ``playback``, ``models`` …, as in the address."""
        self.page.goto(f"{self._url}/#/{route}")

    def log_in(self, username: str, password: str) -> None:
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Log in").click()

    def set_password(self, current: str, new: str) -> None:
        """Fill in the page that asks for a new password."""
        self.page.get_by_label("Current password").fill(current)
        self.page.get_by_label("New password", exact=True).fill(new)
        self.page.get_by_label("New password, again").fill(new)
        self.page.get_by_role("button", name="Set password").click()

    def log_out(self) -> None:
        self.page.get_by_test_id("user-menu").click()
        self.page.get_by_test_id("logout").click()

    def expect_heading(self, name: str) -> None:
        expect(self.page.get_by_role("heading", name=name, level=1)).to_be_visible()

    def camera_ids(self) -> list[str]:
        """The cameras of the live page, in its order."""
        tiles = self.page.locator('[data-testid="live-grid"] > li')
        tiles.first.wait_for()
        return [
            (tile.get_attribute("data-testid") or "").removeprefix("tile-") for tile in tiles.all()
        ]

    def picture(self, camera_id: str) -> LivePicture:
        return LivePicture(self.page, camera_id)

    def crossings(self) -> int:
        """All crossings that the tiles of the live page show together."""
        return sum(
            int(number)
            for number in self.page.locator('[data-testid^="tile-counts-"] b').all_inner_texts()
        )

    def camera_counts(self) -> dict[str, int]:
        """Every cell of the camera page's table of crossings, by its test id, in one look: they
        rise meanwhile."""
        cells: list[tuple[str, str]] = self.page.locator('[data-testid^="count-"]').evaluate_all(
            "cells => cells.map(cell => [cell.dataset.testid, cell.innerText])"
        )
        return {name: int(number.replace(",", "")) for name, number in cells}

    def screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, full_page=True)


class Playback:
    """The playback page of a dashboard tab, for one camera or several together."""

    def __init__(self, dashboard: Dashboard, *camera_ids: str) -> None:
        self._page = dashboard.page
        self._camera_ids = camera_ids
        dashboard.open(f"playback?camera={','.join(camera_ids)}")
        self._page.get_by_test_id("timeline").wait_for()

    def stretches(self) -> int:
        """Recorded stretches on the timeline, all cameras together."""
        return self._page.get_by_test_id("stretch").count()

    def recorded_s(self) -> int:
        """Seconds of the day in which at least one of the cameras recorded."""
        return int(self._page.get_by_test_id("recorded").get_attribute("data-s") or 0)

    def set_speed(self, times: str) -> None:
        self._page.get_by_label("Speed").select_option(times)

    def play_from_first_stretch(self) -> None:
        """Click on the timeline where the first recorded stretch begins."""
        bar = self._page.get_by_test_id("timeline").bounding_box()
        stretch = self._page.get_by_test_id("stretch").first.bounding_box()
        if bar is None or stretch is None:
            raise AssertionError("The timeline is not on the screen.")
        self._page.mouse.click(stretch["x"] + 2, bar["y"] + 20)

    def picture_under_pointer(self) -> bool:
        """Whether the pointer, moved to the first recorded stretch, has a picture above it."""
        self._page.mouse.move(0, 0)
        self._page.get_by_test_id("stretch").first.hover(force=True)
        picture = self._page.get_by_test_id("hover-picture")
        try:
            picture.wait_for(timeout=WAIT_MS / 4)
        except PlaywrightTimeout:
            return False
        return int(picture.evaluate("image => image.decode().then(() => image.naturalWidth)")) > 0

    @property
    def is_playing(self) -> bool:
        """Whether it is meant to play; it may be waiting for pictures."""
        screen = self._page.get_by_test_id("playback-screen")
        return screen.get_attribute("data-playing") == "true"

    def step(self, *, ahead: bool) -> float:
        """One picture further or back; its wall time in ms, as the server has it."""
        name = "One picture ahead" if ahead else "One picture back"
        with self._page.expect_response(lambda answer: "/picture?" in answer.url) as asked:
            self._page.get_by_role("button", name=name).click()
        told = asked.value.header_value("X-Next-Time" if ahead else "X-Previous-Time")
        return datetime.fromisoformat(told or "").timestamp() * 1000

    def play_pause(self) -> None:
        self._page.get_by_test_id("play-pause").click()

    @property
    def video(self) -> Video:
        """The first camera's."""
        return Video.of(self._video(self._camera_ids[0]))

    def shown_ms(self) -> list[float | None]:
        """Wall time of the picture that each camera shows, in one look."""
        shown = self._page.evaluate(
            "ids => ids.map(id => document.querySelector("
            '`[data-testid="playback-video-${id}"]`).dataset.shownMs || null)',
            list(self._camera_ids),
        )
        return [None if text is None else float(text) for text in shown]

    @property
    def picture_ms(self) -> int:
        """Wall time of the very picture that the first camera shows; 0 while there is none."""
        text = self._video(self._camera_ids[0]).get_attribute("data-picture-ms")
        return int(text or 0)

    def _video(self, camera_id: str) -> Locator:
        return self._page.get_by_test_id(f"playback-video-{camera_id}")

    @property
    def clock(self) -> str:
        """The wall time shown, HH:MM:SS; empty before a moment is chosen."""
        return self._page.get_by_test_id("playback-time").inner_text()

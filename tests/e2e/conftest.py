"""A small real site for the browser: two simulated cameras, the embedded detector."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from its_camera_ai.cli.demo import with_suggested_scene
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.store.documents.site import export_site
from tests.e2e.pages import Dashboard
from tests.support.missing import missing
from tests.support.site import Site

CAMERAS = {
    "motorway": "sim://motorway?seed=5&fps=12&size=480x270",
    "intersection": "sim://intersection?seed=6&fps=12&size=480x270",
}

SEGMENT_S = 5


@pytest.fixture(scope="session")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Up, with its one-time password not used yet."""
    cameras = [
        with_suggested_scene(Camera(i, CameraUrl.parse(url), name=i.title()))
        for i, url in CAMERAS.items()
    ]
    with Site(
        tmp_path_factory.mktemp("site") / "s", export_site(cameras), segment_s=SEGMENT_S
    ) as site:
        yield site


NEW_PASSWORD = "walnut-harbour-57-lantern"
CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; ``ITSCAM_TEST_CHROMIUM`` names another program than the usual."""
    program = os.environ.get("ITSCAM_TEST_CHROMIUM") or shutil.which("chromium")
    if program is None:
        missing("No Chromium: install Debian's 'chromium' or set ITSCAM_TEST_CHROMIUM.")
    flags = [*CHROMIUM_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages go; ``ITSCAM_TEST_SCREENSHOTS`` keeps them."""
    kept = os.environ.get("ITSCAM_TEST_SCREENSHOTS")
    return Path(kept) if kept else tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, running_site: Site, screenshots: Path) -> Iterator[BrowserContext]:
    """A browser whose person has signed in; the first one with the one-time password."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    dashboard = Dashboard(context, running_site.url)
    dashboard.open()
    if running_site.password == NEW_PASSWORD:
        dashboard.log_in(running_site.username, NEW_PASSWORD)
    else:
        _first_sign_in(dashboard, running_site, screenshots)
        running_site.password = NEW_PASSWORD
    dashboard.expect_heading("Live")
    dashboard.page.close()
    yield context
    context.close()


@pytest.fixture
def dashboard(signed_in: BrowserContext, running_site: Site) -> Iterator[Dashboard]:
    """A fresh tab of the person who is signed in."""
    tab = Dashboard(signed_in, running_site.url)
    yield tab
    tab.page.close()


def _first_sign_in(dashboard: Dashboard, site: Site, screenshots: Path) -> None:
    dashboard.screenshot(screenshots / "log-in.png")
    dashboard.log_in(site.username, "not the password")
    expect(dashboard.page.get_by_role("alert")).to_be_visible()
    dashboard.log_in(site.username, site.password)
    dashboard.expect_heading("Set a new password")
    dashboard.open("events")
    dashboard.expect_heading("Set a new password")  # no page but this one before the change
    dashboard.screenshot(screenshots / "set-password.png")
    dashboard.set_password(site.password, NEW_PASSWORD)

"""Drawing what is measured, and looking at what was, in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.pages import Dashboard
from tests.support.site import Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.system]

CAMERA = "motorway"


@pytest.fixture
def kept_scene(dashboard: Dashboard, running_site: Site) -> Iterator[None]:
    """What a test draws is taken away again."""
    address = f"{running_site.url}/api/v1/cameras/{CAMERA}"
    dashboard.open("live")
    document = dashboard.page.request.get(address).json()["document"]
    yield
    token = dashboard.page.request.get(f"{running_site.url}/api/v1/auth/me").json()["csrf_token"]
    headers = {"X-CSRF-Token": token, "Origin": running_site.url}
    assert dashboard.page.request.put(address, data=document, headers=headers).ok


def scene(dashboard: Dashboard, site: Site) -> dict[str, list[dict[str, object]]]:
    answer = dashboard.page.request.get(f"{site.url}/api/v1/cameras/{CAMERA}").json()
    found: dict[str, list[dict[str, object]]] = answer["scene"]
    return found


def click_at(dashboard: Dashboard, x: float, y: float) -> None:
    """A place of the drawing, in fractions."""
    box = dashboard.page.get_by_test_id("scene-drawing").bounding_box()
    assert box is not None
    dashboard.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_a_line_is_drawn_and_measured(
    dashboard: Dashboard, running_site: Site, kept_scene: None, screenshots: Path
) -> None:
    dashboard.open(f"cameras/{CAMERA}/scene")
    page = dashboard.page
    page.get_by_test_id("tool-lines").click()
    click_at(dashboard, 0.3, 0.8)
    click_at(dashboard, 0.7, 0.8)
    form = page.get_by_test_id("part-form")
    form.get_by_label("Name").fill("Drawn by hand")
    dashboard.screenshot(screenshots / "scene.png")
    page.get_by_test_id("save-scene").click()
    expect(page.get_by_text("Saved. It is measured like this from now on.")).to_be_visible()
    (drawn,) = [line for line in scene(dashboard, running_site)["lines"] if line["id"] == "line-1"]
    assert drawn["name"] == "Drawn by hand"
    (x1, y1), (x2, y2) = drawn["points"]  # type: ignore[misc]
    assert (x1, x2) == pytest.approx((0.3, 0.7), abs=0.005)
    assert (y1, y2) == pytest.approx((0.8, 0.8), abs=0.005)


def test_a_wrong_point_pair_is_told_at_once(dashboard: Dashboard, kept_scene: None) -> None:
    dashboard.open(f"cameras/{CAMERA}/scene")
    page = dashboard.page
    verdict = page.get_by_test_id("calibration-verdict")
    expect(verdict).to_contain_text("Hold-out error 0.0")
    expect(page.get_by_test_id("ground-grid")).to_be_visible()
    page.get_by_label("Pair 6, x, m").fill("9")
    expect(verdict.locator(".bad")).to_contain_text("pair 6")
    page.get_by_role("button", name="Undo all changes").click()
    expect(verdict.locator(".bad")).to_have_count(0)


def test_traffic_is_shown_where_it_is(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open(f"traffic?camera={CAMERA}&length=60&span=3")
    page = dashboard.page
    expect(page.get_by_test_id("level-map")).to_be_visible()
    cells = page.get_by_test_id("levels").locator("tbody tr")

    def measured() -> bool:
        rows = [row.inner_text().split("\t") for row in cells.all()]
        return any(row[1].isdigit() and int(row[1]) > 0 for row in rows)

    wait_until(measured, "a minute with vehicles in the table", timeout_s=180)
    expect(page.get_by_test_id("history-charts").locator("svg").first).to_be_visible()
    dashboard.screenshot(screenshots / "traffic.png")
    assert dashboard.complaints == []


def test_incidents_are_listed(dashboard: Dashboard, screenshots: Path) -> None:
    dashboard.open("incidents")
    page = dashboard.page
    either = page.get_by_test_id("incidents").or_(page.get_by_text("No incidents."))
    expect(either).to_be_visible()
    page.get_by_test_id("incident-kind").select_option("wrong_way")
    assert "kind=wrong_way" in page.url
    dashboard.screenshot(screenshots / "incidents.png")
    assert dashboard.complaints == []

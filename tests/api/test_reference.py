"""The page about the API is the API's own."""

from pathlib import Path

from its_camera_ai.api.metrics import METRICS
from its_camera_ai.api.policies import guarded_routes
from its_camera_ai.api.problems import PROBLEMS
from its_camera_ai.api.reference import api_reference
from tests.api.support import Site

PAGE = Path(__file__).parents[2] / "docs/reference/api.md"


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == api_reference(), (
        "run: python -m its_camera_ai.api.reference > docs/reference/api.md"
    )


def test_every_route_metric_and_problem_is_on_it(site: Site) -> None:
    page = api_reference()
    for route in guarded_routes(site.app().routes):
        for method in route.methods:
            heading, row = f"### {method} {route.path}\n", f"| `{route.path}` | {method} |"
            assert heading in page or row in page
    assert all(metric.name in page for metric in METRICS)
    assert all(f"problem:{kind.slug}`" in page for kind in PROBLEMS.values())

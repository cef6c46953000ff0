"""The built dashboard at every address that is not the API's."""

from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from its_camera_ai.api.deps import App
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound

_IMMUTABLE = "public, max-age=31536000, immutable"
_NOT_OURS = ("/api", "/health", "/metrics")
_MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>ITS Camera AI</title>
<h1>The dashboard is not built</h1>
<p>The API runs, but there is no dashboard beside it. In the source folder, run:</p>
<pre>cd web &amp;&amp; npm ci &amp;&amp; npm run build</pre>
<p>and load this page again. The installed package brings the dashboard with it.</p>
</html>
"""


class DashboardRoute(APIRoute):
    """Matches every path but those under the API's own, so that an unknown address there is a 404
    and a wrong method a 405."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = str(scope.get("path", ""))
        if any(path == top or path.startswith(f"{top}/") for top in _NOT_OURS):
            return Match.NONE, {}
        return super().matches(scope)


router = APIRouter(route_class=DashboardRoute)


@router.api_route(
    "/{path:path}",
    methods=["GET", "HEAD"],
    dependencies=[allow(Policy.PUBLIC)],
    response_class=Response,
    include_in_schema=False,
)
async def dashboard(path: str, app: App) -> Response:
    """A file of the dashboard, or its page for every address that the page itself routes."""
    root = app.deps.settings.static_dir
    found = await to_thread.run_sync(_find, root, path)
    if found is None:
        return HTMLResponse(_MISSING, 503)
    if path.startswith("assets/"):
        return FileResponse(found, headers={"Cache-Control": _IMMUTABLE})
    return FileResponse(found, headers={"Cache-Control": "no-cache"})


def _find(root: Path | None, path: str) -> Path | None:
    """The file for a path; None where there is no dashboard at all.

    Raises:
        NotFound: a file name that the dashboard does not have, or a way out of its folder.
    """
    if root is None or not (root / "index.html").is_file():
        return None
    folder = root.resolve()
    if "\0" in path:
        raise _no_file()
    wanted = (folder / path).resolve()
    if wanted.is_relative_to(folder) and wanted.is_file():
        return wanted
    is_page = "." not in path.rpartition("/")[2] and not path.startswith("assets/")
    if not is_page or not wanted.is_relative_to(folder):
        raise _no_file()
    return folder / "index.html"


def _no_file() -> NotFound:
    return NotFound("The dashboard has no such file; load its page again.")

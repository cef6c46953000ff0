"""The API's own description: OpenAPI 3.1 with problems, sessions and policies written in."""

from collections.abc import Iterable
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from its_camera_ai.api.guards import CSRF_HEADER
from its_camera_ai.api.policies import Policy, guarded_routes
from its_camera_ai.api.problems import MEDIA_TYPE

TITLE = "ITS Camera AI"
_SUMMARY = "Cameras, counts, events, recordings and live pictures of one site."

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "Every error, as RFC 9457 writes it.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "which kind of problem, as a URI"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what was wrong and what to do"},
        "instance": {"type": "string", "description": "the path that was asked for"},
        "incident": {"type": "string", "description": "with 500: the id that stands in the log"},
        "errors": {
            "type": "array",
            "description": "with 422: each wrong value",
            "items": {
                "type": "object",
                "properties": {
                    "where": {"type": "string"},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}
_PROBLEM_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_GENERATED_BY_FRAMEWORK = ("HTTPValidationError", "ValidationError")


def describe(routes: Iterable[BaseRoute], *, version: str, cookie_name: str) -> dict[str, Any]:
    """The OpenAPI document of these routes."""
    listed = list(routes)
    document = get_openapi(
        title=TITLE, version=version, summary=_SUMMARY, routes=listed, openapi_version="3.1.0"
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _GENERATED_BY_FRAMEWORK:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    document["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": cookie_name},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
        "metrics": {"type": "http", "scheme": "bearer"},
    }
    for route in guarded_routes(listed):
        for method in route.methods:
            operation = document["paths"].get(route.path, {}).get(method.lower())
            if operation is not None:
                _complete(operation, method, route.policy)
    return document


def _complete(operation: dict[str, Any], method: str, policy: Policy) -> None:
    responses = operation["responses"]
    if "422" in responses:
        responses["422"] = {"description": "Input that can't be taken", "content": _PROBLEM_CONTENT}
    for status, response in responses.items():
        if status.startswith(("4", "5")):
            response.setdefault("content", _PROBLEM_CONTENT)
    responses["default"] = {"description": "Any error", "content": _PROBLEM_CONTENT}
    operation["x-policy"] = policy.name.lower()
    rule = policy.value
    if rule.signed_in:
        needs: dict[str, list[str]] = {"session": []}
        if method != "GET":
            needs["csrf"] = []
        operation["security"] = [needs, {"metrics": []}] if rule.token else [needs]

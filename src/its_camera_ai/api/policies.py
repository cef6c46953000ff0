"""Who may call what: every route declares one policy, and a route without one stops the start."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from fastapi.params import Depends
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute

from its_camera_ai.core.errors import ConfigInvalid


class Role(Enum):
    """What an account may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a policy asks for.

    Attributes:
        signed_in: a session is needed.
        role: the least role; None asks for none.
        before_password_change: open to an account that must set its password first.
        token: a bearer token of the metrics collector will do instead of a session.
        meaning: for the documentation.
    """

    signed_in: bool
    role: Role | None
    before_password_change: bool
    token: bool
    meaning: str


class Policy(Enum):
    """The six rules of access; a route bears exactly one."""

    PUBLIC = Rule(False, None, True, False, "anyone")
    AUTHENTICATED = Rule(True, None, True, False, "any signed-in account")
    VIEWER = Rule(True, Role.VIEWER, False, False, "viewer, operator, admin")
    OPERATOR = Rule(True, Role.OPERATOR, False, False, "operator, admin")
    ADMIN = Rule(True, Role.ADMIN, False, False, "admin")
    METRICS = Rule(True, Role.VIEWER, False, True, "the metrics token, or viewer, operator, admin")


class PolicyMissing(ConfigInvalid):
    """A route was added without a policy, or with two."""


@dataclass(frozen=True, slots=True)
class GuardedRoute:
    """One route as the policy check sees it: ``methods`` is ``("WEBSOCKET",)`` for a socket."""

    path: str
    methods: tuple[str, ...]
    policy: Policy


def _policies(dependencies: Iterable[Depends]) -> list[Policy]:
    found = (getattr(d.dependency, "policy", None) for d in dependencies)
    return [policy for policy in found if isinstance(policy, Policy)]


def guarded_routes(routes: Iterable[BaseRoute]) -> list[GuardedRoute]:
    """All routes with their policies.

    Raises:
        PolicyMissing: a route bears none or several, or is of a kind that can bear none.
    """
    guarded: list[GuardedRoute] = []
    for route in routes:
        path = str(getattr(route, "path", route))
        if not isinstance(route, APIRoute | APIWebSocketRoute):
            raise PolicyMissing(
                f"The route {path} is a {type(route).__name__}, which can bear no policy; declare "
                "it as a plain route of the application."
            )
        policies = _policies(route.dependencies)
        if len(policies) != 1:
            raise PolicyMissing(
                f"The route {path} declares {len(policies)} policies; every route needs exactly "
                "one: add dependencies=[allow(Policy.…)]."
            )
        methods: tuple[str, ...] = ("WEBSOCKET",)
        if isinstance(route, APIRoute):
            methods = tuple(sorted(route.methods or ()))
        guarded.append(GuardedRoute(path, methods, policies[0]))
    return guarded

"""Signing in and out."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from its_camera_ai.api.accounts import Principal, SignedIn
from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow, principal_of, session_token
from its_camera_ai.api.passwords import LENGTH_MAX
from its_camera_ai.api.policies import Policy

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

_USERNAME_LENGTH_MAX = 128


class Credentials(BaseModel):
    """A user name and its password."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=_USERNAME_LENGTH_MAX)
    password: SecretStr = Field(min_length=1, max_length=LENGTH_MAX)


class PasswordChange(BaseModel):
    """The current password and the one to be set."""

    model_config = ConfigDict(extra="forbid")

    current: SecretStr = Field(min_length=1, max_length=LENGTH_MAX)
    new: SecretStr = Field(min_length=1, max_length=1024)


class UserView(BaseModel):
    """Who is signed in."""

    username: str
    role: str = Field(description="viewer, operator or admin")


class SessionView(BaseModel):
    """The session of this browser."""

    user: UserView
    must_change_password: bool
    csrf_token: str = Field(description="to be sent as X-CSRF-Token with every change")


def _view(principal: Principal) -> SessionView:
    return SessionView(
        user=UserView(username=principal.username, role=principal.role.value),
        must_change_password=principal.must_change_password,
        csrf_token=principal.csrf_token,
    )


def _begin(response: Response, deps: ApiDeps, signed_in: SignedIn) -> SessionView:
    response.set_cookie(
        deps.settings.cookie_name,
        signed_in.token,
        max_age=deps.accounts.absolute_timeout_s,
        path="/",
        secure=deps.settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )
    return _view(signed_in.principal)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "local"


@router.post("/login", dependencies=[allow(Policy.PUBLIC)])
def login(
    credentials: Credentials, request: Request, response: Response, deps: Deps
) -> SessionView:
    """Begin a session; its token comes as an HttpOnly cookie."""
    signed_in = deps.accounts.sign_in(
        credentials.username,
        credentials.password.get_secret_value(),
        _address(request),
        replaced=session_token(request, deps.settings),
    )
    return _begin(response, deps, signed_in)


@router.post("/logout", status_code=204, dependencies=[allow(Policy.AUTHENTICATED)])
def logout(request: Request, response: Response, deps: Deps) -> None:
    """End this session."""
    deps.accounts.sign_out(principal_of(request))
    response.delete_cookie(
        deps.settings.cookie_name,
        path="/",
        secure=deps.settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )


@router.get("/me", dependencies=[allow(Policy.AUTHENTICATED)])
def me(request: Request) -> SessionView:
    """Who is signed in here."""
    return _view(principal_of(request))


@router.post("/password", dependencies=[allow(Policy.AUTHENTICATED)])
def change_password(
    change: PasswordChange, request: Request, response: Response, deps: Deps
) -> SessionView:
    """Set the account's own password; ends all its sessions and begins a new one."""
    signed_in = deps.accounts.change_password(
        principal_of(request),
        change.current.get_secret_value(),
        change.new.get_secret_value(),
        _address(request),
    )
    return _begin(response, deps, signed_in)

"""Camera addresses: an allow-list of schemes, and credentials that never print."""

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from its_camera_ai.core.errors import ConfigInvalid

SCHEMES = ("rtsp", "rtsps", "http", "https", "file", "v4l2", "sim")
"""The only kinds of source there are. Nothing here starts a program."""

MASK = "***"
_SECRET_QUERY = re.compile(
    r"([?&](?:user|usr|username|password|passwd|pwd|pass|token|auth|key|secret)=)[^&]*",
    re.IGNORECASE,
)
_NETWORK = ("rtsp", "rtsps", "http", "https")
_DEFAULT_PORT = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True, repr=False)
class CameraUrl:
    """Where a stream comes from. ``str()`` and ``repr()`` hide user name and password.

    Attributes:
        bare: the address without user info.
        username: None where the address has none.
        password: None where the address has none; ``MASK`` means "keep the stored one".
    """

    bare: str
    username: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, text: str) -> "CameraUrl":
        """Read an address; a plain path is taken as a file, ``/dev/video0`` as a V4L2 device.

        Raises:
            ConfigInvalid: unknown scheme, no host, or no address at all. The message never
                repeats the user info.
        """
        text = text.strip()
        if any(ord(c) < 32 or ord(c) == 127 for c in text):
            raise ConfigInvalid("A camera address may not contain control characters; remove them.")
        if not text:
            raise ConfigInvalid("The camera address is empty; give one such as rtsp://host/stream.")
        if "://" not in text:
            if text.startswith("/dev/video"):
                return cls(f"v4l2://{text}")
            if text.startswith("/"):
                return cls("file://" + quote(text))
            raise ConfigInvalid(
                "A camera address needs a scheme, one of "
                + ", ".join(f"{s}://" for s in SCHEMES)
                + ", or an absolute path of a file."
            )
        scheme, _, _ = text.partition("://")
        scheme = scheme.lower()
        if scheme not in SCHEMES:
            raise ConfigInvalid(
                "This kind of camera address is not allowed; use one of "
                + ", ".join(f"{s}://" for s in SCHEMES)
                + "."
            )
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ConfigInvalid(
                "The camera address can't be read: check the host and that the port is 1–65535; "
                "write special characters of a password as %XX."
            ) from None
        if scheme in _NETWORK and not parts.hostname:
            raise ConfigInvalid(f"The {scheme} address names no host; write {scheme}://host/path.")
        host = parts.hostname or ""
        if ":" in host:
            host = f"[{host}]"
        netloc = host + (f":{port}" if port is not None else "")
        bare = urlunsplit((scheme, netloc, parts.path, parts.query, ""))
        if scheme in ("file", "v4l2", "sim"):
            bare = f"{scheme}://{netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        username = unquote(parts.username) if parts.username is not None else None
        password = unquote(parts.password) if parts.password is not None else None
        return cls(bare, username, password)

    @property
    def scheme(self) -> str:
        return self.bare.partition("://")[0]

    @property
    def is_live(self) -> bool:
        """False for a file, whose time is its own."""
        return self.scheme != "file"

    @property
    def host(self) -> str:
        return urlsplit(self.bare).hostname or ""

    @property
    def port(self) -> int | None:
        """The port to connect to, the scheme's default where none is written; None for local."""
        return urlsplit(self.bare).port or _DEFAULT_PORT.get(self.scheme)

    @property
    def path(self) -> str:
        """The unquoted path: a file's or device's name, or the path on the host."""
        return unquote(urlsplit(self.bare).path)

    @property
    def is_masked(self) -> bool:
        """True if a secret in it stands as ``***``: to be filled in from what is stored."""
        return self.password == MASK or self.bare != self._filled({}).bare

    def with_secrets_of(self, stored: "CameraUrl") -> "CameraUrl":
        """Every ``***`` replaced by the stored address's secret of the same name."""
        known = dict(_query_pairs(stored.bare))
        password = stored.password if self.password == MASK else self.password
        return replace(self._filled(known), password=password)

    def _filled(self, known: dict[str, str]) -> "CameraUrl":
        head, mark, _ = self.bare.partition("?")
        pairs = [
            f"{key}={known.get(key, '') if value == MASK else value}" if equals else key
            for key, equals, value in (
                part.partition("=") for part in self.bare[len(head) + 1 :].split("&")
            )
        ]
        return replace(self, bare=head + mark + "&".join(pairs))

    def reveal(self) -> str:
        """The full address with credentials. For the one call that connects, and nothing else."""
        return self._render(self.username, self.password)

    def masked(self) -> str:
        """What may be shown, stored in a log, or exported.

        >>> CameraUrl.parse("rtsp://bob:s3cret@cam/1").masked()
        'rtsp://bob:***@cam/1'
        """
        shown = self._render(self.username, None if self.password is None else MASK)
        return _SECRET_QUERY.sub(rf"\1{MASK}", shown)

    def _render(self, username: str | None, password: str | None) -> str:
        if username is None and password is None:
            return self.bare
        user = quote(username or "", safe="")
        secret = (
            ""
            if password is None
            else ":" + (MASK if password == MASK else quote(password, safe=""))
        )
        scheme, _, rest = self.bare.partition("://")
        return f"{scheme}://{user}{secret}@{rest}"

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"CameraUrl({self.masked()!r})"


def _query_pairs(bare: str) -> list[tuple[str, str]]:
    _, _, query = bare.partition("?")
    return [(key, value) for key, _, value in (part.partition("=") for part in query.split("&"))]

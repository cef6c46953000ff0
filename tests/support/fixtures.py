"""Fixtures for every test: the cameras' twins, and the programs that tests use."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.http_mjpeg import MjpegServer
from tests.support.missing import missing
from tests.support.raw_rtsp import Behaviour, RawRtspServer
from tests.support.rtsp import Mount, RtspServer, interpreter
from tests.support.site import Site
from tests.support.site_files import street_camera, yaml_text
from tests.support.swift import Swift, keeps_attributes, lacking


@pytest.fixture
def rtsp_server() -> Iterator[Callable[..., RtspServer]]:
    """A factory: ``rtsp_server(Mount("cam", clip), ...)`` starts a twin that ends with the test."""
    if interpreter() is None:
        missing("GStreamer's RTSP server for Python is not installed: run tools/provision.sh")
    servers: list[RtspServer] = []

    def start(*mounts: Mount) -> RtspServer:
        servers.append(RtspServer(list(mounts)))
        return servers[-1].start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def raw_rtsp_server() -> Iterator[Callable[[Behaviour], RawRtspServer]]:
    """A factory for cameras that are broken in one way."""
    servers: list[RawRtspServer] = []

    def start(behaviour: Behaviour) -> RawRtspServer:
        servers.append(RawRtspServer(behaviour))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swift]:
    """A running S3 service with a bucket, for all tests; whoever hangs or kills it resumes or
    starts it again."""
    if lacking():
        missing(f"No S3 service to test against: {lacking()}")
    folder = tmp_path_factory.mktemp("swift")
    if not keeps_attributes(folder):
        missing(f"Swift needs extended attributes, which {folder} does not keep: set TMPDIR")
    server = Swift(folder)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def mjpeg_server() -> Iterator[Callable[..., MjpegServer]]:
    """A factory for motion JPEG cameras; takes the arguments of ``MjpegServer``."""
    servers: list[MjpegServer] = []

    def start(*args: object, **options: object) -> MjpegServer:
        servers.append(MjpegServer(*args, **options))  # type: ignore[arg-type] # passed through
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def ffmpeg() -> Path:
    """The ffmpeg program, a second opinion on files and streams; the product never uses it."""
    found = shutil.which("ffmpeg")
    if found is None:
        missing("ffmpeg is not installed: run tools/provision.sh")
    return Path(found)


@pytest.fixture(scope="module")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole product with two simulated crossroads, to which nobody has signed in yet."""
    folder = tmp_path_factory.mktemp("site") / "data"
    cameras = [street_camera("street-11", seed=11), street_camera("street-12", seed=12)]
    with Site(folder, yaml_text({"cameras": cameras})) as site:
        yield site

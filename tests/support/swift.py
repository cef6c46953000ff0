"""Starts and commands a real S3 service: OpenStack Swift."""

import functools
import json
import os
import select
import shutil
import signal
import subprocess
import urllib.request
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Self

from its_camera_ai.store.s3_access import S3Access, S3Limits

_SCRIPT = Path(__file__).with_name("swift_server.py")
_PYTHON = "/usr/bin/python3"  # where Debian's Swift is
_START_TIMEOUT_S = 30.0

ACCESS_KEY = "test:tester"
SECRET_KEY = "a-secret-of-the-tests"
BUCKET = "recordings"
QUICK = S3Limits(
    connect_s=5.0,
    read_request_s=20.0,
    read_budget_s=1.0,
    write_request_s=20.0,
    write_budget_s=1.0,
    part_bytes=5 * 1024 * 1024,
)
"""Limits for a service on the same machine, which may be busy with other tests."""
HASTY = replace(
    QUICK, read_request_s=0.3, read_budget_s=0.3, write_request_s=0.3, write_budget_s=0.3
)
"""Limits for one that is known to hang."""


@functools.cache
def lacking() -> str:
    """What is missing on this machine to run Swift; empty if nothing is."""
    if shutil.which("memcached") is None:
        return "memcached is not installed: run tools/provision.sh"
    if not Path(_PYTHON).exists():
        return f"there is no {_PYTHON}"
    check = [_PYTHON, "-I", "-c", "import swift.account.server, swift.common.middleware.s3api"]
    if subprocess.run(check, capture_output=True, check=False).returncode != 0:
        return "OpenStack Swift is not installed: run tools/provision.sh"
    return ""


def keeps_attributes(folder: Path) -> bool:
    """Whether files in a folder may have extended attributes, in which Swift keeps its own."""
    probe = folder / "attribute-test"
    probe.touch()
    try:
        os.setxattr(probe, "user.itscam.test", b"1")
    except OSError:
        return False
    finally:
        probe.unlink()
    return True


class Swift:
    """The service, with one bucket and one account.

    After ``kill`` it can be started again: on the same port, with all that was stored.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Serve; returns when requests are taken."""
        self._process = subprocess.Popen(
            [_PYTHON, "-I", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wanted = {
            "folder": str(self._folder),
            "port": self._port,
            "users": {ACCESS_KEY: SECRET_KEY},
        }
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], _START_TIMEOUT_S)[0]:
            raise TimeoutError("Swift did not start.")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"Swift ended with code {self._process.wait()}.")
        begun, self._port = not self._port, json.loads(line)["port"]
        if begun:
            self._make_bucket()
        return self

    def _make_bucket(self) -> None:
        import obstore
        from obstore.store import S3Store

        made = S3Store(
            BUCKET,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,
            client_options={"allow_http": True},
        )
        address = obstore.sign(made, "PUT", "", timedelta(seconds=60))
        with urllib.request.urlopen(urllib.request.Request(address, method="PUT")):  # noqa: S310  our own
            pass

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def access(
        self,
        *,
        access_key: str = ACCESS_KEY,
        secret_key: str = SECRET_KEY,
        limits: S3Limits = QUICK,
    ) -> S3Access:
        return S3Access(self.endpoint, "us-east-1", access_key, secret_key, limits)

    def hang(self) -> None:
        """Stop the process where it stands: connections are taken, nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a goodbye; what was being stored is left as it is."""
        process, self._process = self._running(), None
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()

    def stop(self) -> None:
        """End it; may be called at any time."""
        if self._process is not None:
            self.kill()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("Swift is not running; call start() first.")
        return self._process

"""Starts and commands the RTSP twin (``rtsp_server.py``), a camera that fails when told to."""

import functools
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from tests.support.access_units import packet_file

_SCRIPT = Path(__file__).with_name("rtsp_server.py")
_ANSWER_TIMEOUT_S = 60.0
_GI_CHECK = (
    "import gi; gi.require_version('GstRtspServer','1.0'); from gi.repository import GstRtspServer"
)


@dataclass(frozen=True, slots=True)
class Mount:
    """One stream of the twin.

    Attributes:
        name: the path of its address.
        clip: H.264 or H.265 file, with AAC audio or without; played in a loop.
        auth: ``none``, ``basic`` or ``digest``.
    """

    name: str
    clip: Path
    auth: str = "none"
    user: str = "viewer"
    password: str = "view-pass"


@functools.cache
def interpreter() -> str | None:
    """A Python that can serve RTSP: this one if it has GStreamer's bindings, else the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if Path(python).exists():
            check = subprocess.run([python, "-c", _GI_CHECK], capture_output=True, check=False)
            if check.returncode == 0:
                return python
    return None


class RtspServer:
    """The twin as a process.

    Each mount can be commanded at run time. After ``kill`` the same object can be started again and
    serves on the same ports.

    Args:
        mounts: what to serve.
        host: address to listen on.
    """

    def __init__(self, mounts: list[Mount], host: str = "127.0.0.1") -> None:
        self._mounts = {mount.name: mount for mount in mounts}
        self._host = host
        self._ports: dict[str, int] = {}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Serve; returns when connections are taken."""
        python = interpreter()
        if python is None:
            raise RuntimeError("No Python with GStreamer's RTSP server; run tools/provision.sh.")
        mounts = [
            {
                "name": m.name,
                "packets": str(packet_file(m.clip)),
                "auth": m.auth,
                "user": m.user,
                "password": m.password,
            }
            for m in self._mounts.values()
        ]
        self._process = subprocess.Popen(
            [python, "-I", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "GST_DEBUG": os.environ.get("GST_DEBUG", "0")},
        )
        answer = self._ask({"host": self._host, "ports": self._ports, "mounts": mounts})
        self._ports = answer["ports"]
        return self

    def url(self, mount: str, *, user: str | None = None, password: str | None = None) -> str:
        """The address of a mount, with its own credentials unless others are given.

        ``user=""`` leaves the credentials away.
        """
        m = self._mounts[mount]
        who = user if user is not None else ("" if m.auth == "none" else m.user)
        secret = m.password if password is None else password
        login = f"{quote(who, safe='')}:{quote(secret, safe='')}@" if who else ""
        return f"rtsp://{login}{self._host}:{self._ports[m.auth]}/{mount}"

    @property
    def pid(self) -> int:
        return self._running().pid

    def freeze(self, mount: str) -> None:
        """Stop sending but keep the connection."""
        self._command(mount, "freeze")

    def thaw(self, mount: str) -> None:
        """Go on after ``freeze``; the time stamps show the gap."""
        self._command(mount, "thaw")

    def skip(self, mount: str, count: int) -> None:
        """Leave out the next pictures."""
        self._command(mount, "skip", count=count)

    def corrupt(self, mount: str, count: int) -> None:
        """Change bytes in the next coded pictures."""
        self._command(mount, "corrupt", count=count)

    def repeat(self, mount: str, count: int) -> None:
        """Give the next pictures the time stamp of the last one."""
        self._command(mount, "repeat", count=count)

    def jump(self, mount: str, seconds: float) -> None:
        """Add to all time stamps from now on; the pace stays."""
        self._command(mount, "jump", seconds=seconds)

    def switch(self, mount: str, clip: Path) -> None:
        """Go on with another clip: in mid-stream, or, when codec or audio differ, with all viewers
        thrown out and a new description."""
        self._mounts[mount] = replace(self._mounts[mount], clip=clip)
        self._command(mount, "switch", packets=str(packet_file(clip)))

    def stats(self, mount: str) -> dict[str, int]:
        """``sent`` and ``sent_keys`` pictures, ``skipped`` ones and ``sessions`` since the start;
        ``pass_wall_ns``, the wall time at which this pass of the clip began to be sent."""
        return self._command(mount, "stats")

    def hang(self) -> None:
        """Stop the process where it stands: connections stay, nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after ``hang``."""
        self._running().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a goodbye (SIGKILL)."""
        self._end(kill=True)

    def stop(self) -> None:
        """End it in order; may be called at any time."""
        self._end(kill=False)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("The RTSP twin is not running; call start() first.")
        return self._process

    def _command(self, mount: str, do: str, **values: object) -> dict[str, Any]:
        if mount not in self._mounts:
            raise KeyError(mount)
        return self._ask({"do": do, "mount": mount, **values})

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], _ANSWER_TIMEOUT_S)[0]:
            raise TimeoutError(f"The RTSP twin did not answer {message.get('do', 'the set-up')}.")
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"The RTSP twin ended with code {process.wait()}.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"The RTSP twin refused: {answer['error']}")
        return answer

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        if kill:
            process.kill()
        else:
            process.terminate()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""An RTSP server that behaves like a camera, and misbehaves on command.

Runs as its own process under the system's Python: the standard library and GStreamer's bindings
(Debian: ``gir1.2-gst-rtsp-server-1.0 python3-gi``), nothing of the project. ``rtsp.py`` starts it
and speaks with it in JSON lines over standard input and output. It ends when its input ends.

The first line in is ``{"host", "ports": {"none"|"basic"|"digest": port}, "mounts": [...]}`` with
one mount per stream: ``{"name", "packets": file, "auth", "user", "password"}``. The answer gives
the ports. Each later line is a command, answered by ``{"ok": true, ...}`` or ``{"error": "..."}``.
"""

import json
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

import gi  # type: ignore[import-not-found]  # of the system Python

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402 - versions come first
    GLib,
    Gst,
    GstRtsp,
    GstRtspServer,
)

_VIDEO = (
    'appsrc name=video is-live=true format=time block=false max-bytes=0 caps="{caps}" '
    "! {parser} config-interval=-1 ! {payloader} name=pay0 pt=96"
)
_AUDIO = (
    "appsrc name=audio is-live=true format=time block=false max-bytes=0 "
    'caps="audio/mpeg,mpegversion=(int)4,stream-format=raw,rate=(int){rate},'
    'channels=(int){channels},codec_data=(buffer){codec_data}" '
    "! rtpmp4gpay name=pay1 pt=97"
)
_CODECS = {
    "H264": ("video/x-h264,stream-format=byte-stream,alignment=au", "h264parse", "rtph264pay"),
    "H265": ("video/x-h265,stream-format=byte-stream,alignment=au", "h265parse", "rtph265pay"),
}
_FLIPS_PER_PACKET = 12


class Clip:
    """A packet file in memory."""

    def __init__(self, path: str) -> None:
        with Path(path).open("rb") as file:
            header = json.loads(file.readline())
            data = file.read()
        self.codec: str = header["codec"]
        self.audio: dict[str, Any] | None = header["audio"]
        self.duration_ns: int = header["duration"]
        self.packets: list[dict[str, Any]] = header["packets"]
        offset = 0
        for packet in self.packets:
            packet["data"] = data[offset : offset + packet["size"]]
            offset += packet["size"]

    def launch(self) -> str:
        caps, parser, payloader = _CODECS[self.codec]
        parts = [_VIDEO.format(caps=caps, parser=parser, payloader=payloader)]
        if self.audio:
            parts.append(_AUDIO.format(**self.audio))
        return "( " + " ".join(parts) + " )"


class Feed:
    """Plays one mount's clip in a loop while anyone watches, with the faults that were asked for.

    Stream time never restarts: pass after pass of the clip is laid end to end. A viewer who comes
    when nobody watched begins with the next key frame after the last packet that was sent.
    """

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.sources: dict[bool, Any] = {}
        self.index = 0  # of the next packet within the clip
        self.pass_ns = 0  # where this pass of the clip begins in stream time
        self.origin_ns = 0  # monotonic time of stream time 0
        self.shift_ns = 0  # from stream time to the time stamps sent, before jumps
        self.jump_ns = 0
        self.frozen = False
        self.running = False
        self.skip = self.corrupt = self.repeat = 0
        self.sent = self.sent_keys = self.skipped = self.sessions = 0
        self.last_pts_ns = 0
        self.dice = random.Random(1)
        self.timer: int | None = None

    def configure(self, media: Any) -> None:
        """A viewer came and nobody was there: give the new pipeline what it needs to describe."""
        self.stop()
        self.sessions += 1
        bin_ = media.get_element()
        self.sources = {True: bin_.get_by_name("video")}
        if self.clip.audio:
            self.sources[False] = bin_.get_by_name("audio")
        while not (self._next()["video"] and self._next()["key"]):
            self._advance()
        self.shift_ns = -(self.pass_ns + self._next()["dts"])
        self.jump_ns = 0
        media.connect("unprepared", lambda _media: self.stop())
        if False in self.sources:
            first = next(p for p in self.clip.packets if not p["video"])
            self._push_raw(first["data"], False, 0, first["duration"])
        self._send()

    def play(self) -> None:
        """The viewer pressed play: from here on packets come in real time."""
        if self.running:
            return
        self.running = True
        self.origin_ns = time.monotonic_ns() - (self.pass_ns + self._next()["dts"])
        self._tick()

    def stop(self) -> None:
        self.running = False
        self.sources = {}
        if self.timer is not None:
            GLib.source_remove(self.timer)
            self.timer = None

    def freeze(self) -> None:
        if not self.frozen:
            self.frozen, self.frozen_at_ns = True, time.monotonic_ns()

    def thaw(self) -> None:
        """Go on with the next packet; the time stamps show how long it was silent."""
        if self.frozen:
            self.frozen = False
            silent_ns = time.monotonic_ns() - self.frozen_at_ns
            self.origin_ns += silent_ns
            self.shift_ns += silent_ns

    def switch(self, clip: Clip) -> None:
        self.pass_ns += self.clip.packets[self.index]["dts"]
        self.clip, self.index = clip, 0

    def stats(self) -> dict[str, int]:
        return {
            "sent": self.sent,
            "sent_keys": self.sent_keys,
            "skipped": self.skipped,
            "sessions": self.sessions,
            "pass_wall_ns": self.origin_ns + self.pass_ns + time.time_ns() - time.monotonic_ns(),
        }

    def _next(self) -> dict[str, Any]:
        return self.clip.packets[self.index]

    def _advance(self) -> None:
        self.index += 1
        if self.index == len(self.clip.packets):
            self.index = 0
            self.pass_ns += self.clip.duration_ns

    def _tick(self) -> bool:
        self.timer = None
        while self.running:
            if not self.frozen:
                wait_ns = self.origin_ns + self.pass_ns + self._next()["dts"] - time.monotonic_ns()
                if wait_ns <= 0:
                    self._send()
                    continue
            else:
                wait_ns = 20_000_000
            self.timer = GLib.timeout_add(max(1, wait_ns // 1_000_000), self._tick)
            break
        return False

    def _send(self) -> None:
        packet = self._next()
        pts_ns = self.pass_ns + packet["pts"] + self.shift_ns + self.jump_ns
        self._advance()
        data = packet["data"]
        if packet["video"]:
            if self.skip:
                self.skip -= 1
                self.skipped += 1
                return
            if self.repeat:
                self.repeat -= 1
                pts_ns = self.last_pts_ns
            if self.corrupt:
                self.corrupt -= 1
                data = self._damaged(data)
            self.last_pts_ns = pts_ns
            self.sent += 1
            self.sent_keys += packet["key"]
        self._push_raw(data, packet["video"], pts_ns, packet["duration"])

    def _push_raw(self, data: bytes, video: bool, pts_ns: int, duration_ns: int) -> None:
        source = self.sources.get(video)
        if source is None:
            return
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = max(0, pts_ns)
        buffer.duration = duration_ns
        source.emit("push-buffer", buffer)

    def _damaged(self, data: bytes) -> bytes:
        """Bytes of the largest unit changed, its header left whole so that it is still sent."""
        starts = [0]
        while (at := data.find(b"\0\0\1", starts[-1] + 3)) >= 0:
            starts.append(at)
        ends = [*starts[1:], len(data)]
        begin, end = max(zip(starts, ends), key=lambda unit: unit[1] - unit[0])  # noqa: B905 - equal by construction
        changed = bytearray(data)
        for _ in range(_FLIPS_PER_PACKET):
            # never 0–3, so that no start code comes to be
            changed[self.dice.randrange(begin + (end - begin) // 4, end)] = self.dice.randrange(
                4, 256
            )
        return bytes(changed)


class Camera:
    """All mounts, over one GStreamer server per way of signing in."""

    def __init__(self, setup: dict[str, Any]) -> None:
        self.feeds: dict[str, Feed] = {}
        self.factories: dict[str, Any] = {}
        self.servers: dict[str, Any] = {}
        for mount in setup["mounts"]:
            auth = mount["auth"]
            if auth not in self.servers:
                self.servers[auth] = self._server(setup["host"], setup["ports"].get(auth, 0), auth)
            self._mount(mount, self.servers[auth])
        for server in self.servers.values():
            if server.attach(None) == 0:
                raise OSError("the port is taken")

    def ports(self) -> dict[str, int]:
        return {auth: server.get_bound_port() for auth, server in self.servers.items()}

    def _server(self, host: str, port: int, auth: str) -> Any:
        server = GstRtspServer.RTSPServer()
        server.set_address(host)
        server.set_service(str(port))
        server.connect("client-connected", self._client_connected)
        if auth != "none":
            guard = GstRtspServer.RTSPAuth()
            method = GstRtsp.RTSPAuthMethod
            guard.set_supported_methods(method.DIGEST if auth == "digest" else method.BASIC)
            server.set_auth(guard)
        return server

    def _mount(self, mount: dict[str, Any], server: Any) -> None:
        name = mount["name"]
        feed = self.feeds[name] = Feed(Clip(mount["packets"]))
        factory = self.factories[name] = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(feed.clip.launch())
        factory.set_shared(True)
        factory.connect("media-configure", lambda _factory, media: feed.configure(media))
        if mount["auth"] != "none":
            self._protect(mount, factory, server.get_auth())
        server.get_mount_points().add_factory(f"/{name}", factory)

    def _protect(self, mount: dict[str, Any], factory: Any, guard: Any) -> None:
        role = f"role-{mount['name']}"
        permissions = Gst.Structure.new_empty(role)
        permissions.set_value("media.factory.access", True)
        permissions.set_value("media.factory.construct", True)
        factory.add_role_from_structure(permissions)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", role)
        if mount["auth"] == "digest":
            guard.add_digest(mount["user"], mount["password"], token)
        else:
            basic = GstRtspServer.RTSPAuth.make_basic(mount["user"], mount["password"])
            guard.add_basic(basic, token)

    def _client_connected(self, _server: Any, client: Any) -> None:
        client.connect("play-request", self._played)

    def _played(self, _client: Any, context: Any) -> None:
        name = context.uri.abspath.strip("/").split("/")[0]
        if name in self.feeds:
            _send_at_once(context.media.get_element().get_parent())
            self.feeds[name].play()

    def do(self, command: dict[str, Any]) -> dict[str, Any]:
        feed = self.feeds[command["mount"]]
        match command["do"]:
            case "freeze":
                feed.freeze()
            case "thaw":
                feed.thaw()
            case "skip" | "corrupt" | "repeat" as fault:
                setattr(feed, fault, command["count"])
            case "jump":
                feed.jump_ns += round(command["seconds"] * 1e9)
            case "switch":
                self._switch(command["mount"], feed, Clip(command["packets"]))
            case "stats":
                return feed.stats()
            case other:
                raise ValueError(f"unknown command {other}")
        return {}

    def _switch(self, name: str, feed: Feed, clip: Clip) -> None:
        """In mid-stream where the session can carry it, else as a camera that drops everyone."""
        same_session = clip.codec == feed.clip.codec and clip.audio == feed.clip.audio
        if same_session:
            feed.switch(clip)
            return
        feed.stop()
        feed.switch(clip)
        self.factories[name].set_launch(clip.launch())
        for server in self.servers.values():
            server.client_filter(lambda _server, _client: GstRtspServer.RTSPFilterResult.REMOVE)


def _send_at_once(pipeline: Any) -> None:
    """Take the pace out of GStreamer's hands: the feed keeps it, and time stamps may jump."""
    elements = pipeline.iterate_recurse()
    while True:
        result, element = elements.next()
        if result != Gst.IteratorResult.OK:
            break
        if element.get_name().startswith(("appsink", "udpsink", "multiudpsink")):
            element.set_property("sync", False)


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _listen(camera: Camera, loop: Any) -> None:
    """Reads commands in a thread of its own and lets the main loop carry them out."""

    def carry_out(line: str) -> bool:
        try:
            _answer({"ok": True, **camera.do(json.loads(line))})
        except (KeyError, ValueError, OSError) as error:
            _answer({"error": f"{type(error).__name__}: {error}"})
        return False

    for line in sys.stdin:
        GLib.idle_add(carry_out, line)
    GLib.idle_add(loop.quit)


def main() -> None:
    Gst.init(None)
    loop = GLib.MainLoop()
    try:
        camera = Camera(json.loads(sys.stdin.readline()))
    except OSError as error:
        _answer({"error": str(error)})
        return
    _answer({"ok": True, "ports": camera.ports()})
    threading.Thread(target=_listen, args=(camera, loop), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()

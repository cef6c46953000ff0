"""The street simulator as a camera."""

from collections.abc import Iterator

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.media import TrackInfo
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.sim.source import parse_sim_url
from its_camera_ai.video.encoder import H264Encoder, encoded
from its_camera_ai.video.raw import RawPacket, Wait


class SimulatedSource:
    """Live: pictures come at their time, late ones are left out."""

    audio: TrackInfo | None = None

    def __init__(self, url: CameraUrl, clock: Clock, wait: Wait) -> None:
        _, _, rest = url.bare.partition("://")
        spec = parse_sim_url(rest)
        self._street = spec.open()
        self._fps = spec.fps
        self._clock = clock
        self._wait = wait
        self._encoder = H264Encoder(spec.size_wh, spec.fps)
        self.video = self._encoder.info

    def packets(self) -> Iterator[RawPacket]:
        origin_ns = self._clock.monotonic_ns()
        index = 0
        while True:
            due_ns = origin_ns + int(index * NS_PER_S / self._fps)
            early_ns = due_ns - self._clock.monotonic_ns()
            if early_ns > 0 and self._wait(early_ns / NS_PER_S):
                return
            frame = self._street.frame(index)
            yield from encoded(self._encoder, frame.bgr, frame.pts_ns)
            behind = (self._clock.monotonic_ns() - origin_ns) * self._fps / NS_PER_S
            index = max(index + 1, int(behind))

    def close(self) -> None:
        """Nothing is held outside this process."""

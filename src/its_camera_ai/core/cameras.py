"""A camera as the site describes it."""

from dataclasses import dataclass, field

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.recording import RecordingPlan
from its_camera_ai.core.scene import Scene


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera's wanted state. Two equal values need no restart of its pipeline.

    Attributes:
        id: checked by ``core.ids.camera_id``.
        main: the stream to record.
        sub: the smaller stream to look at; None means that ``main`` serves both.
        rtsp_transport: ``tcp`` or ``udp``.
        loop: begin a file again at its end.
        paced: play a file by its own clock; False reads it as fast as it can be read.
        detect_fps: wanted looks per second; the scheduler may grant less.
        recording: when ``main`` is recorded; not at all without ``record``.
    """

    id: str
    main: CameraUrl
    sub: CameraUrl | None = None
    name: str = ""
    enabled: bool = True
    record: bool = True
    detect: bool = True
    rtsp_transport: str = "tcp"
    loop: bool = False
    paced: bool = True
    detect_fps: float = 5.0
    scene: Scene = field(default_factory=Scene)
    recording: RecordingPlan = field(default_factory=RecordingPlan)

    @property
    def detect_role(self) -> StreamRole:
        """Which stream vision and the live page use."""
        return StreamRole.MAIN if self.sub is None else StreamRole.SUB

    @property
    def streams(self) -> tuple[tuple[StreamRole, CameraUrl], ...]:
        """The streams to connect, each exactly once."""
        main = (StreamRole.MAIN, self.main)
        return (main,) if self.sub is None else (main, (StreamRole.SUB, self.sub))

"""What this server needs, and what it can do without."""

from its_camera_ai.api.deps import ApiDeps
from its_camera_ai.api.health import Check, Finding
from its_camera_ai.bus.messages import CameraState


def checks_of(deps: ApiDeps) -> tuple[Check, ...]:
    """The parts of ``/health/ready``. Only the database is required: without it nobody can sign in
    and nothing can be looked up; everything else this process can show as missing."""

    def database() -> Finding:
        deps.cameras.revision()
        return Finding("ok", "Answers.")

    def media() -> Finding:
        if deps.media_root.is_dir():
            return Finding("ok", "The media folder is there.")
        return Finding("degraded", "The media folder is missing; recordings can't be shown.")

    def ingest() -> Finding:
        return _role(deps, "ingest", "cameras are not connected and nothing is recorded")

    def vision() -> Finding:
        if not any(camera.enabled and camera.detect for camera in deps.cameras.all()):
            return Finding("ok", "Not needed: no camera is to be looked at.")
        return _role(deps, "vision", "nothing is being detected")

    def cameras() -> Finding:
        wanted = [camera for camera in deps.cameras.all() if camera.enabled]
        statuses = deps.state.camera_statuses(wanted)
        online = sum(status.state == CameraState.ONLINE for status in statuses)
        text = f"{online} of {len(wanted)} cameras online."
        return Finding("ok" if online == len(wanted) else "degraded", text)

    return (
        Check("database", True, database),
        Check("media", False, media),
        Check("ingest", False, ingest),
        Check("vision", False, vision),
        Check("cameras", False, cameras),
    )


def _role(deps: ApiDeps, role: str, consequence: str) -> Finding:
    beats = [beat for beat in deps.state.heartbeats() if beat.value.role == role]
    live = [beat for beat in beats if beat.value.ready and not beat.stale]
    if beats and len(live) == len(beats):
        return Finding("ok", f"{len(live)} running.")
    if not live:
        return Finding("degraded", f"No {role} process reports; {consequence}.")
    return Finding("degraded", f"{len(live)} of {len(beats)} {role} processes report.")

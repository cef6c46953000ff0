"""Where exports are asked for, called off, handed out and removed; by people and by programs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import (
    ConfigInvalid,
    ModelInvalid,
    RecordingGone,
    StorageUnavailable,
)
from its_camera_ai.core.exports import Export, ExportRequest, ExportState, Sought, checked
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.time import Clock, iso_utc
from its_camera_ai.recorder.exporting.folder import ExportFolder
from its_camera_ai.recorder.exporting.zip_stream import ZipMember, zip_stream
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.exports import ExportRepository


class Holds(Protocol):
    """Takes new holds."""

    def add(self, hold: Hold) -> None: ...


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A file of an export that can be fetched."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDesk:
    """Every call that changes or hands out something stands in the audit log.

    Attributes:
        folder: of an export by its id.
        has_camera: whether there is, or was, such a camera.
        check_finder: raises ``ModelInvalid`` where nothing here can find that.
    """

    exports: ExportRepository
    holds: Holds
    audit: AuditLog
    clock: Clock
    folder: Callable[[str], ExportFolder]
    has_camera: Callable[[str], bool]
    check_finder: Callable[[Sought], None]

    def ask(self, request: ExportRequest, author: str) -> Export:
        """Queue an export; with ``lock`` its recordings are held first, so that it finds them.

        Raises:
            ConfigInvalid: the request is out of bounds, what is to be masked can't be found here,
                or too many wait.
            StorageUnavailable: the recordings can't be held now.
        """
        checked(request)
        for camera in request.cameras:
            if not self.has_camera(camera):
                raise ConfigInvalid(
                    f"cameras: there is no camera '{camera}' and none of its recordings."
                )
        for kind in request.sought:
            try:
                self.check_finder(kind)
            except ModelInvalid as error:
                raise ConfigInvalid(f"sought: {error}") from error
        now_ns = self.clock.wall_ns()
        export = Export(new_id(now_ns), ExportState.QUEUED, request, author, now_ns, now_ns)
        held = [self._hold(export, camera) for camera in request.cameras] if request.lock else []
        self.exports.create(export)
        detail = {
            "cameras": list(request.cameras),
            "since": iso_utc(request.since_wall_ns),
            "until": iso_utc(request.until_wall_ns),
            "case_number": request.case_number,
            "reason": request.reason,
            "masked": request.masks,
            "holds": held,
        }
        self._note(author, "export_requested", export.id, detail)
        return export

    def _hold(self, export: Export, camera_id: str) -> str:
        request = export.request
        hold = Hold(
            new_id(export.created_wall_ns),
            HoldKind.LOCK,
            camera_id,
            request.since_wall_ns,
            request.until_wall_ns,
            f"Export {export.id}. {request.reason}".strip(),
            export.author,
            export.created_wall_ns,
        )
        self.holds.add(hold)
        return hold.id

    def cancel(self, export_id: str, actor: str) -> Export | None:
        """Want it stopped; None if there is none of this id."""
        export = self.exports.cancel(export_id, self.clock.wall_ns())
        if export is not None:
            self._note(actor, "export_cancelled", export_id, {})
        return export

    def remove(self, export_id: str, actor: str) -> bool:
        """Remove an export with its files; its place in the chain stays.

        Returns:
            False if there is none.

        Raises:
            ConfigInvalid: it is still to be made, or being made.
            StorageUnavailable: its files can't be removed.
        """
        export = self.exports.get(export_id)
        if export is None:
            return False
        if not export.state.is_over:
            raise ConfigInvalid("The export is not over yet; cancel it first.")
        self._note(actor, "export_removed", export_id, {"manifest": export.manifest_hash})
        self._drop_files(export)
        self.exports.remove(export_id)
        return True

    def _drop_files(self, export: Export) -> None:
        try:
            self.folder(export.id).remove()
        except OSError as error:
            raise StorageUnavailable(
                f"The files of the export {export.id} can't be removed ({error.strerror}); correct "
                "the rights of the folder of exports and try again."
            ) from error

    def files(self, export: Export) -> list[ReadyFile]:
        """What can be fetched: nothing before it is done."""
        if export.state is not ExportState.DONE:
            return []
        folder = self.folder(export.id)
        try:
            return [ReadyFile(name, folder.file_size(name)) for name in folder.names()]
        except OSError:
            return []

    def open(self, export: Export, name: str, actor: str, *, first: bool) -> ReadableFile:
        """One of its files, by its name.

        Args:
            first: this is the begin of a download, to be noted.

        Raises:
            RecordingGone: there is none of this name.
        """
        known = {file.name for file in self.files(export)}
        if name not in known:
            raise RecordingGone(
                "The export has no file of this name; its list names those that it has."
            )
        try:
            file = self.folder(export.id).open_ready(name)
        except OSError as error:
            raise RecordingGone("The file is no longer there; make the export again.") from error
        if first:
            self._note(actor, "export_handed_out", export.id, {"file": name})
        return file

    def zip(self, export: Export, actor: str) -> Iterator[bytes]:
        """All of its files as one ZIP, stored.

        Raises:
            RecordingGone: it has no files.
        """
        ready = self.files(export)
        if not ready:
            raise RecordingGone("The export has no files; it is not done, or they were removed.")
        self._note(actor, "export_handed_out", export.id, {"file": "zip"})
        folder = self.folder(export.id)
        when_ns = export.finished_wall_ns or export.created_wall_ns
        members = [ZipMember(f"{export.id}/{file.name}", file.size_bytes) for file in ready]
        return zip_stream(
            members, lambda member: folder.open_ready(member.name.partition("/")[2]), when_ns
        )

    def _note(self, actor: str, action: str, export_id: str, detail: dict[str, object]) -> None:
        self.audit.append(
            actor=actor,
            action=action,
            object=f"export/{export_id}",
            detail=detail,
            wall_ns=self.clock.wall_ns(),
        )

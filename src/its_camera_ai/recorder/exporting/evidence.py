"""Seals an export: key, plain words, manifest and signature beside its files."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from its_camera_ai.core.exports import Export
from its_camera_ai.core.holds import Hold
from its_camera_ai.core.time import NS_PER_MS
from its_camera_ai.recorder.exporting.evidence_key import ALGORITHM, EvidenceKey
from its_camera_ai.recorder.exporting.folder import ExportFolder, PartRecord
from its_camera_ai.recorder.exporting.manifest import (
    FORMAT,
    KEY_NAME,
    MANIFEST_NAME,
    README_NAME,
    SIGNATURE_NAME,
    CameraEntry,
    FileEntry,
    GapEntry,
    HoldEntry,
    KeyEntry,
    Manifest,
    canonical,
    exact_utc,
    manifest_hash,
)
from its_camera_ai.recorder.exporting.plan import Span, gaps
from its_camera_ai.store.exports import ChainLink, Sealed

PRODUCT = "ITS Camera AI"


@dataclass(frozen=True, slots=True)
class MadeCamera:
    """One camera's part of an export: its id and name, and what was made."""

    camera_id: str
    name: str
    parts: Sequence[PartRecord]

    @property
    def files(self) -> list[FileEntry]:
        return [file for part in self.parts for file in part.files]

    @property
    def covered(self) -> list[Span]:
        return [Span(*span) for part in self.parts for span in part.covered]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is to be sealed.

    Attributes:
        site: the name of the site; version: of the program.
        holds: on the recordings, at this time.
    """

    export: Export
    site: str
    version: str
    cameras: Sequence[MadeCamera]
    holds: Sequence[Hold]
    created_wall_ns: int

    @property
    def asked(self) -> Span:
        request = self.export.request
        return Span(request.since_wall_ns, request.until_wall_ns)


def seal_bundle(
    bundle: Bundle, folder: ExportFolder, key: EvidenceKey, links: Mapping[str, ChainLink]
) -> Sealed:
    """Write what makes the folder evidence; doing it again replaces it.

    Args:
        links: the last link of each camera.

    Raises:
        StorageUnavailable, OSError: it can't be written.
    """
    plain = [file for camera in bundle.cameras for file in camera.files]
    readme = _readme(bundle, plain, key).encode()
    for name, content in ((KEY_NAME, key.public.pem), (README_NAME, readme)):
        folder.write(name, content)
        plain.append(
            FileEntry(
                name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
            )
        )
    content = canonical(_manifest(bundle, plain, key, links))
    folder.write(MANIFEST_NAME, content)
    folder.write(SIGNATURE_NAME, key.sign(content))
    return Sealed(manifest_hash(content), folder.size_bytes())


def _manifest(
    bundle: Bundle,
    files: Sequence[FileEntry],
    key: EvidenceKey,
    links: Mapping[str, ChainLink],
) -> Manifest:
    export = bundle.export
    return Manifest(
        format=FORMAT,
        product=PRODUCT,
        version=bundle.version,
        site=bundle.site,
        export=export.id,
        author=export.author,
        reason=export.request.reason,
        case_number=export.request.case_number,
        created=exact_utc(bundle.created_wall_ns),
        requested=msgspec.to_builtins(export.request),
        files=tuple(sorted(files, key=lambda file: file.name)),
        cameras=tuple(
            _camera(camera, bundle.asked, links[camera.camera_id])
            for camera in bundle.cameras
            if camera.camera_id in links
        ),
        holds=tuple(_hold(hold) for hold in bundle.holds),
        key=KeyEntry(
            algorithm=ALGORITHM,
            public_key=key.public.hex,
            fingerprint=key.public.fingerprint,
        ),
        remarks=tuple(_without_files(bundle)),
    )


def _without_files(bundle: Bundle) -> list[str]:
    return [
        f"No usable recording of camera {camera.camera_id} lies in the span."
        for camera in bundle.cameras
        if not camera.files
    ]


def _camera(camera: MadeCamera, asked: Span, link: ChainLink) -> CameraEntry:
    return CameraEntry(
        camera=camera.camera_id,
        name=camera.name,
        number=link.number + 1,
        previous_manifest=link.manifest_hash,
        sources=tuple(source for part in camera.parts for source in part.sources),
        gaps=tuple(
            GapEntry(
                since=exact_utc(gap.since_ns),
                until=exact_utc(gap.until_ns),
                length_ms=gap.length_ns // NS_PER_MS,
            )
            for gap in gaps(asked, camera.covered)
        ),
    )


def _hold(hold: Hold) -> HoldEntry:
    return HoldEntry(
        id=hold.id,
        kind=str(hold.kind),
        camera=hold.camera_id or "",
        since=exact_utc(hold.since_wall_ns),
        until=exact_utc(hold.until_wall_ns),
        reason=hold.reason,
        author=hold.author,
    )


def _readme(bundle: Bundle, files: Sequence[FileEntry], key: EvidenceKey) -> str:
    request = bundle.export.request
    listed = "\n".join(
        f"  {file.name}\n    {file.pictures} pictures from {file.first_picture}\n"
        f"    to {file.last_picture}; {file.treatment}"
        + "".join(f"\n    {remark}" for remark in file.remarks)
        for file in files
    )
    missing = sum(len(gaps(bundle.asked, camera.covered)) for camera in bundle.cameras)
    return _README.format(
        product=PRODUCT,
        version=bundle.version,
        site=bundle.site,
        export=bundle.export.id,
        author=bundle.export.author,
        case=request.case_number or "none given",
        reason=request.reason or "none given",
        created=exact_utc(bundle.created_wall_ns),
        since=exact_utc(request.since_wall_ns),
        until=exact_utc(request.until_wall_ns),
        files=listed,
        gaps=(
            f"{missing} part(s) of this span lack recordings; manifest.json lists each."
            if missing
            else "Recordings cover all of this span."
        ),
        fingerprint=key.public.fingerprint,
        remarks="\n".join(f"Note: {remark}" for remark in _without_files(bundle)),
    )


_README = """\
WHAT THIS IS

This folder holds video recordings that were exported from a surveillance system.

  Site:         {site}
  Export:       {export}
  Made:         {created} (UTC)
  Made by:      {author}
  Case number:  {case}
  Reason:       {reason}
  Asked for:    {since}
           to   {until} (UTC)
  Program:      {product} {version}

The files:

{files}

{gaps}
{remarks}
"copied" means that the pictures are, bit by bit, those that the camera sent. "edges coded anew"
means the same for all but the first and last seconds. Any other treatment means that the pictures
were processed, for example to hide faces, and are not the original ones.

HOW TO SEE THAT NOTHING WAS CHANGED

Do not rename, convert, repair or add files in this folder; work on a copy. Then, on any computer
with the program {product} (no connection to the site is needed):

  itscam evidence verify FOLDER --public-key THE-SITES-OWN-evidence.pub

It says in one line whether every file is exactly as it was exported, and who signed it. The key in
this folder was put there by whoever made the folder. It proves the site only if its fingerprint is
the one that the site told you in another way (by letter, by telephone, in court):

  {fingerprint}

Without that program, the signature can be checked with OpenSSL 3:

  openssl pkeyutl -verify -pubin -inkey evidence.pub -rawin -in manifest.json -sigfile manifest.sig

and each file's SHA-256 (sha256sum FILE) compared with the one that stands in manifest.json.

WHAT THIS PROVES, AND WHAT IT DOES NOT

It proves that the files are those that the site's system exported, that none was changed, added or
left out since, and which exports of the same camera came before. It does not prove that the
camera's clock was right, that the camera showed the place it is named after, or that the system
was in the right hands when the export was made.
"""

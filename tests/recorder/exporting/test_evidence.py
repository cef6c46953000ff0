"""Evidence: whatever is changed in an export is found, by anyone, without the site."""

import os
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid, InputUnreadable
from its_camera_ai.recorder.exporting.evidence_check import check_chain, check_export
from its_camera_ai.recorder.exporting.evidence_key import EvidenceKey, PublicKey
from its_camera_ai.recorder.exporting.manifest import canonical, read_manifest
from its_camera_ai.recorder.exporting.zip_stream import ZipMember, zip_stream
from its_camera_ai.store.disk import RealDisk
from tests.recorder.export_support import ExportSite, Made, flipped
from tests.recorder.support import packets
from tests.support.clips import ClipSpec


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ExportSite, list[Made]]]:
    """A site with two exports of one camera and one of another."""
    site = ExportSite(tmp_path_factory.mktemp("evidence"))
    site.record(packets(ClipSpec(frames=50)))
    site.record(packets(ClipSpec(frames=50)), camera="yard")
    made = [site.make(), site.make(1, 2), site.make(cameras=("yard",))]
    yield site, made
    site.close()


@pytest.fixture
def bundle(exported: tuple[ExportSite, list[Made]], tmp_path: Path) -> Path:
    """A copy of the first export, to be spoilt."""
    return Path(shutil.copytree(exported[1][0].path, tmp_path / "bundle"))


@pytest.fixture
def key(exported: tuple[ExportSite, list[Made]]) -> PublicKey:
    return EvidenceKey.open(exported[0].folder).public


def test_sound_by_the_given_key_and_by_its_own(bundle: Path, key: PublicKey) -> None:
    assert check_export(bundle, key).problems == ()
    alone = check_export(bundle)
    assert alone.sound
    assert key.fingerprint in alone.notes[0]


def test_every_flipped_bit_is_found(bundle: Path, key: PublicKey) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  shown when the test fails, to replay it
    rng = random.Random(seed)
    for path in sorted(bundle.iterdir()):
        size = path.stat().st_size
        places = {0, size - 1, *(rng.randrange(size) for _ in range(25))}
        for at in places:
            bit = rng.randrange(8)
            with flipped(path, at, bit):
                assert not check_export(bundle, key).sound, (path.name, at, bit)
                assert not check_export(bundle).sound, (path.name, at, bit)
    assert check_export(bundle, key).sound


def test_every_bit_of_the_signature(bundle: Path) -> None:
    for at in range(64):
        for bit in range(8):
            with flipped(bundle / "manifest.sig", at, bit):
                assert not check_export(bundle).sound


def rename(bundle: Path) -> None:
    video = next(bundle.glob("*.mp4"))
    video.rename(video.with_name("other.mp4"))


def swap(bundle: Path) -> None:
    first, second = bundle / "README.txt", bundle / "evidence.pub"
    text = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(text)


def link(bundle: Path) -> None:
    video = next(bundle.glob("*.mp4"))
    video.rename(bundle.parent / "elsewhere.mp4")
    video.symlink_to(bundle.parent / "elsewhere.mp4")


def reformat(bundle: Path) -> None:
    path = bundle / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b',"', b', "', 1))


def add_key(bundle: Path) -> None:
    """The same key twice in one object: readers differ in which one they take."""
    path = bundle / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'{"author":', b'{"author":"eve","author":', 1))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda b: next(b.glob("*.mp4")).unlink(), "is missing", id="file gone"),
        pytest.param(lambda b: (b / "manifest.sig").unlink(), "who made", id="signature gone"),
        pytest.param(lambda b: (b / "README.txt").unlink(), "is missing", id="readme gone"),
        pytest.param(lambda b: (b / "x.mp4").write_bytes(b"x"), "not belong", id="file added"),
        pytest.param(lambda b: (b / ".x").write_bytes(b""), "not belong", id="hidden file added"),
        pytest.param(lambda b: (b / "sub").mkdir(), "not belong", id="folder added"),
        pytest.param(rename, "was renamed to other.mp4", id="renamed"),
        pytest.param(swap, "was changed", id="contents exchanged"),
        pytest.param(link, "no file", id="link in place of a file"),
        pytest.param(reformat, "as this program writes it", id="written otherwise"),
        pytest.param(add_key, "as this program writes it", id="doubled key"),
        pytest.param(
            lambda b: os.truncate(next(b.glob("*.mp4")), 1000), "1000 bytes instead", id="cut"
        ),
        pytest.param(
            lambda b: (b / "manifest.sig").write_bytes((b / "manifest.sig").read_bytes() + b"x"),
            "signature",
            id="longer signature",
        ),
        pytest.param(
            lambda b: (b / "manifest.json").write_bytes(b"{}"), "can't be read", id="no manifest"
        ),
    ],
)
def test_changes_are_named(
    change: Callable[[Path], object], says: str, bundle: Path, key: PublicKey
) -> None:
    change(bundle)
    findings = check_export(bundle, key)
    assert any(says in problem for problem in findings.problems), findings.problems


def test_signed_anew_with_another_key(bundle: Path, key: PublicKey, tmp_path: Path) -> None:
    """Whoever forges all of it is found by the site's own key alone."""
    forger = EvidenceKey.open(tmp_path)
    path = bundle / "manifest.json"
    manifest = read_manifest(path.read_bytes())
    own = manifest.key.__class__(
        algorithm="Ed25519",
        public_key=forger.public.hex,
        fingerprint=forger.public.fingerprint,
    )
    forged = canonical(
        manifest.__class__(
            **{
                name: getattr(manifest, name)
                for name in manifest.__struct_fields__
                if name != "key"
            },
            key=own,
        )
    )
    path.write_bytes(forged)
    (bundle / "manifest.sig").write_bytes(forger.sign(forged))
    assert check_export(bundle).sound
    assert any("another key" in problem for problem in check_export(bundle, key).problems)


def test_openssl_agrees(bundle: Path) -> None:
    """The README's command for people without this program."""
    program = shutil.which("openssl")
    assert program is not None
    command = f"{program} pkeyutl -verify -pubin -inkey evidence.pub -rawin -in manifest.json "
    command += "-sigfile manifest.sig"
    done = subprocess.run(command.split(), cwd=bundle, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully")
    (bundle / "manifest.json").write_bytes((bundle / "manifest.json").read_bytes() + b" ")
    assert subprocess.run(command.split(), cwd=bundle, capture_output=True).returncode != 0


def zipped(bundle: Path, target: Path) -> Path:
    members = [ZipMember(f"x/{p.name}", p.stat().st_size) for p in sorted(bundle.iterdir())]
    disk = RealDisk()
    pieces = zip_stream(members, lambda m: disk.open(bundle / m.name[2:]), 1_700_000_000 * 10**9)
    target.write_bytes(b"".join(pieces))
    return target


def test_the_zip_is_checked_like_the_folder(bundle: Path, key: PublicKey, tmp_path: Path) -> None:
    archive = zipped(bundle, tmp_path / "x.zip")
    assert check_export(archive, key).problems == ()
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
    content = archive.read_bytes()
    at = content.index(next(bundle.glob("*.mp4")).read_bytes()[:4000]) + 2000
    with flipped(archive, at, 3):
        assert not check_export(archive, key).sound


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda p: None, id="nothing there"),
        pytest.param(lambda p: p.mkdir(), id="empty folder"),
        pytest.param(lambda p: p.write_bytes(b"no zip"), id="another file"),
    ],
)
def test_what_is_no_export(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "x")
    with pytest.raises(InputUnreadable):
        check_export(tmp_path / "x")


def test_the_chain_holds(exported: tuple[ExportSite, list[Made]], key: PublicKey) -> None:
    first, second, other = (check_export(m.path, key) for m in exported[1])
    assert check_chain([second, other, first]).problems == []
    assert check_chain([first, first]).problems == []
    alone = check_chain([second])
    assert (alone.problems, alone.notes) == ([], ["cam: number 1 was not given to this check"])


def test_a_chain_that_was_begun_anew_is_found(
    exported: tuple[ExportSite, list[Made]], key: PublicKey, tmp_path: Path
) -> None:
    """The same site, its database put back to before the exports."""
    site = exported[0]
    shutil.copy(site.folder / "evidence.key", tmp_path / "evidence.key")
    again = ExportSite(tmp_path)
    again.record(packets(ClipSpec(frames=50)))
    fork = check_export(again.make(0, 1).path, key)
    second = check_export(again.make(0, 1).path, key)
    first, later = (check_export(m.path, key) for m in exported[1][:2])
    assert fork.sound
    assert any("both claim number 1" in p for p in check_chain([first, fork]).problems)
    assert any("does not follow" in p for p in check_chain([first, second]).problems)
    assert any("does not follow" in p for p in check_chain([fork, later]).problems)
    again.close()


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    made = EvidenceKey.open(tmp_path)
    private, public = tmp_path / "evidence.key", tmp_path / "evidence.pub"
    assert private.stat().st_mode & 0o777 == 0o600
    assert public.stat().st_mode & 0o777 == 0o644
    assert EvidenceKey.open(tmp_path).public.hex == made.public.hex
    assert PublicKey.from_file(public).hex == made.public.hex
    public.write_text("something else")
    assert PublicKey.from_file(EvidenceKey.open(tmp_path) and public).hex == made.public.hex
    assert "PRIVATE" not in repr(made) + str(vars(made.public))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", id="broken"
        ),
    ],
)
def test_a_broken_key_is_refused_not_replaced(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "evidence.key").write_bytes(content)
    with pytest.raises(ConfigInvalid, match="Put the right file back"):
        EvidenceKey.open(tmp_path)
    assert (tmp_path / "evidence.key").read_bytes() == content
    with pytest.raises(ConfigInvalid):
        PublicKey.from_file(tmp_path / "evidence.key")

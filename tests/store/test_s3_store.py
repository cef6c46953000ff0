"""Buckets: refusals that say what to do and nothing secret, broken services, archives, classes."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from its_camera_ai.core.errors import (
    ConfigInvalid,
    ItscamError,
    RecordingArchived,
    StorageUnavailable,
)
from its_camera_ai.store.s3_access import S3Access, StorageClass
from its_camera_ai.store.s3_errors import reason_of
from its_camera_ai.store.s3_store import S3Store
from tests.support.s3_twin import S3Twin
from tests.support.sources import Held, random_bytes
from tests.support.swift import ACCESS_KEY, BUCKET, HASTY, QUICK, SECRET_KEY, Swift

PATH = "gate/main/2026-01-01/1.mp4"
PART = QUICK.part_bytes


@pytest.fixture
def twin() -> Iterator[S3Twin]:
    with S3Twin() as made:
        yield made


@pytest.fixture
def running(swift: Swift) -> Iterator[Swift]:
    """Swift, which the test may hang or kill."""
    yield swift
    swift.stop()
    swift.start()


def in_time(call: object) -> BaseException | None:
    """What a call raised; fails if it does not end within its limits and some."""
    raised: list[BaseException | None] = []

    def run() -> None:
        try:
            call()  # type: ignore[operator]  # a function without arguments
            raised.append(None)
        except ItscamError as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "it hangs"
    return raised[0]


@pytest.mark.parametrize(
    ("changes", "bucket", "says"),
    [
        pytest.param({"secret_key": "not-the-secret"}, BUCKET, "ITSCAM_S3_SECRET_KEY", id="secret"),
        pytest.param({"access_key": "nobody:here"}, BUCKET, "ITSCAM_S3_ACCESS_KEY", id="key"),
        pytest.param({}, "no-such-bucket", "no such bucket", id="bucket"),
    ],
)
def test_refusals_say_what_to_correct(
    swift: Swift, changes: dict[str, str], bucket: str, says: str
) -> None:
    access = replace(swift.access(), **changes)
    store = S3Store(access, bucket, "x")
    errors = [
        in_time(lambda: store.put(PATH, Held(b"x"))),
        in_time(lambda: store.put(PATH, Held(random_bytes(2 * PART)))),
        in_time(lambda: store.open(PATH)),
        in_time(lambda: list(store.paths())),
        in_time(lambda: store.delete(PATH)),
    ]
    for error in errors:
        assert isinstance(error, StorageUnavailable)
        assert says in str(error)
        assert_tells_no_secret(error, access)


def assert_tells_no_secret(error: BaseException, access: S3Access) -> None:
    texts = [str(error), repr(error), str(error.__cause__), repr(access)]
    for secret in (access.secret_key, access.access_key, SECRET_KEY, ACCESS_KEY, "Signature="):
        assert not any(secret in text for text in texts)
    assert error.__suppress_context__


def test_the_store_prints_no_secret(swift: Swift) -> None:
    store = S3Store(swift.access(), BUCKET, "x")
    assert repr(store) == "S3Store('s3://recordings/x')"
    assert SECRET_KEY not in repr(vars(store))


def test_killed_in_the_middle_of_an_upload(running: Swift) -> None:
    store = S3Store(running.access(), BUCKET, "killed")
    wanted = random_bytes(3 * PART)

    def kill(at: int) -> None:
        if at == 2 * PART:
            running.kill()

    error = in_time(lambda: store.put(PATH, Held(wanted, kill), sha256=sha256(wanted)))
    assert isinstance(error, StorageUnavailable)
    assert "does not answer" in str(error)
    running.start()
    assert store.size(PATH) is None
    assert list(store.paths()) == []
    store.put(PATH, Held(wanted))
    file = store.open(PATH)
    assert file.read(len(wanted), 0) == wanted


def sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_a_service_that_hangs_is_given_up(running: Swift) -> None:
    patient = replace(QUICK, read_request_s=3.0, read_budget_s=0.1)
    store = S3Store(running.access(limits=patient), BUCKET, "hung")
    store.put(PATH, Held(random_bytes(3_000_000)))
    file = store.open(PATH)
    hasty = S3Store(running.access(limits=HASTY), BUCKET, "hung")
    running.hang()
    for call in (
        lambda: hasty.open(PATH),
        # another path: what was given up may still be done once the service goes on
        lambda: hasty.put(f"{PATH}.other", Held(b"x")),
        lambda: hasty.delete(f"{PATH}.other"),
        lambda: hasty.size(PATH),
        lambda: list(hasty.paths()),
    ):
        error = in_time(call)
        assert isinstance(error, StorageUnavailable)
        assert "does not answer" in str(error)
    with pytest.raises(OSError, match="does not answer"):
        file.read(1, 2_500_000)
    running.resume()
    assert file.read(10, 2_500_000) == random_bytes(3_000_000)[2_500_000:2_500_010]


def test_an_object_that_is_replaced_while_it_is_read(swift: Swift) -> None:
    store = S3Store(swift.access(), BUCKET, "replaced")
    store.put(PATH, Held(random_bytes(3_000_000, seed=1)))
    file = store.open(PATH)
    store.put(PATH, Held(random_bytes(3_000_000, seed=2)))
    with pytest.raises(OSError, match="replaced"):
        file.read(10, 2_000_000)


def test_an_object_that_is_deleted_while_it_is_read(swift: Swift) -> None:
    store = S3Store(swift.access(), BUCKET, "deleted")
    store.put(PATH, Held(random_bytes(3_000_000)))
    file = store.open(PATH)
    store.delete(PATH)
    with pytest.raises(OSError, match="removed"):
        file.read(10, 2_000_000)


@pytest.mark.parametrize("storage_class", list(StorageClass))
def test_objects_get_their_class(twin: S3Twin, storage_class: StorageClass) -> None:
    store = S3Store(twin.access(), "bucket", storage_class=storage_class)
    store.put(PATH, Held(b"content"))
    assert twin.classes == {PATH: storage_class.value}
    if storage_class.needs_restore:
        with pytest.raises(RecordingArchived, match="Restore it there first"):
            store.open(PATH)
    else:
        assert store.open(PATH).read(7, 0) == b"content"


def test_a_class_that_the_service_lacks(swift: Swift) -> None:
    store = S3Store(swift.access(), BUCKET, storage_class=StorageClass.DEEP_ARCHIVE)
    with pytest.raises(StorageUnavailable, match="set ITSCAM_COLD_CLASS to STANDARD"):
        store.put(PATH, Held(b"x"))


def test_an_upload_costs_two_requests_and_a_seek_one(twin: S3Twin) -> None:
    store = S3Store(twin.access(), "bucket")
    store.put(PATH, Held(random_bytes(3_000_000)))
    assert [method for method, *_ in twin.requests] == ["PUT", "HEAD"]
    twin.requests.clear()
    file = store.open(PATH)
    file.read(1000, 2_000_000)
    file.read(1000, 2_001_000)
    assert [method for method, *_ in twin.requests] == ["GET", "GET"]


@pytest.mark.parametrize("damage", [False, True])
def test_where_tags_tell_nothing_the_object_is_read_back(twin: S3Twin, damage: bool) -> None:
    twin.kms, twin.damage = True, damage
    store = S3Store(twin.access(), "bucket")
    if damage:
        with pytest.raises(StorageUnavailable, match="differs from what was sent"):
            store.put(PATH, Held(b"content"))
        assert twin.objects == {}
    else:
        store.put(PATH, Held(b"content"))
        assert [method for method, *_ in twin.requests] == ["PUT", "HEAD", "GET"]


def test_damage_on_the_way_is_found_by_the_tag(twin: S3Twin) -> None:
    twin.damage = True
    with pytest.raises(StorageUnavailable, match="differs"):
        S3Store(twin.access(), "bucket").put(PATH, Held(b"content"))
    assert twin.objects == {}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("RequestTimeTooSkewed", "clock"),
        ("AccessDenied", "rights"),
        ("PermanentRedirect", "ITSCAM_S3_REGION"),
        ("SomethingNew", "403 SomethingNew"),
        ("<script>", "rights"),
    ],
)
def test_codes_become_words(twin: S3Twin, code: str, says: str) -> None:
    twin.refuse = code
    with pytest.raises(StorageUnavailable, match=says):
        S3Store(twin.access(), "bucket").put(PATH, Held(b"content"))


def test_without_credentials_they_are_asked_for() -> None:
    text = (
        "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 8 ms - "
        "Server returned non-2xx status code: 403 Forbidden"
    )
    assert "set ITSCAM_S3_ACCESS_KEY and ITSCAM_S3_SECRET_KEY" in reason_of(Exception(text))


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ConfigInvalid, match=r"pip install 'its-camera-ai\[s3\]'"):
        S3Store(S3Access(), "bucket")


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Path, Path]:
    """The certificate of a private CA's service at 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "service.pem", tmp_path / "service.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def test_a_service_is_trusted_by_its_certificate_alone(tls: tuple[Path, Path]) -> None:
    service = S3Twin()
    service.use_tls(*tls)
    with service:
        access = service.access()
        with pytest.raises(StorageUnavailable, match="does not answer"):
            S3Store(replace(access, limits=HASTY), "bucket").put(PATH, Held(b"content"))
        assert service.objects == {}
        S3Store(replace(access, ca_file=tls[0]), "bucket").put(PATH, Held(b"content"))
        assert service.objects == {PATH: b"content"}


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_without_certificates(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigInvalid, match="ITSCAM_S3_CA_FILE"):
        S3Store(S3Access(ca_file=path), "bucket")

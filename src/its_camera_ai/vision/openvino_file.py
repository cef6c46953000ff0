"""OpenVINO's own format in one file: its ``.xml`` and ``.bin`` in an archive, under one hash.

Intel publishes its crossroad and retail detectors in this format only. One file can be hashed,
copied and registered like any other model; it ends in ``.openvino``.
"""

import io
import zipfile
import zlib
from pathlib import Path

from its_camera_ai.core.errors import ModelInvalid, StorageUnavailable

SUFFIX = ".openvino"
BYTES_MAX = 2**31 - 1

_XML, _BIN = "model.xml", "model.bin"
_MADE = (1980, 1, 1, 0, 0, 0)  # equal models make equal files


def packed(xml: Path) -> bytes:
    """The archive of a network, from its ``.xml`` and the ``.bin`` beside it.

    Raises:
        ModelInvalid: one of them is missing, or they are larger than we take.
        StorageUnavailable: one can't be read.
    """
    weights = xml.with_suffix(".bin")
    if not weights.is_file():
        raise ModelInvalid(f"{xml} needs its weights beside it: there is no {weights.name}.")
    if xml.stat().st_size + weights.stat().st_size > BYTES_MAX:
        raise ModelInvalid(f"{xml} and its weights have more than 2 GB; take a smaller model.")
    archive = io.BytesIO()
    try:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
            for name, path in ((_XML, xml), (_BIN, weights)):
                file.writestr(zipfile.ZipInfo(name, _MADE), path.read_bytes())
    except OSError as error:
        raise StorageUnavailable(
            f"{xml} can't be read ({error.strerror}); check the disk and the file's rights."
        ) from error
    return archive.getvalue()


def is_packed(path: Path) -> bool:
    """Told by its first bytes, whatever it is called."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def unpacked(path: Path) -> tuple[bytes, bytes]:
    """Network and weights of an archive.

    Raises:
        ModelInvalid: it is damaged, or holds something else.
    """
    try:
        with zipfile.ZipFile(path) as file:
            sizes = {info.filename: info.file_size for info in file.infolist()}
            if set(sizes) != {_XML, _BIN} or sum(sizes.values()) > BYTES_MAX:
                raise ModelInvalid(
                    f"{path} holds no network of OpenVINO; add the model again with: itscam "
                    "models add"
                )
            return file.read(_XML), file.read(_BIN)
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise ModelInvalid(
            f"{path} is damaged ({error}); add the model again with: itscam models add"
        ) from error

import os
import stat
import threading
from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.store.vault import Vault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.key"


def test_a_new_key_is_random_and_closed_to_others(path: Path, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        Vault.open(path)
    finally:
        os.umask(old)
    Vault.open(tmp_path / "other.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 32
    assert path.read_bytes() != (tmp_path / "other.key").read_bytes()
    assert {file.name for file in tmp_path.iterdir()} == {"vault.key", "other.key"}


def test_what_is_sealed_opens_with_the_same_file_only(path: Path, tmp_path: Path) -> None:
    sealed = Vault.open(path).seal(b"CANARY", b"cameras/north")
    assert b"CANARY" not in sealed
    assert Vault.open(path).unseal(sealed, b"cameras/north") == b"CANARY"
    with pytest.raises(ConfigInvalid, match=r"'cameras/north'.*other\.key.*Put back the key file"):
        Vault.open(tmp_path / "other.key").unseal(sealed, b"cameras/north")


def test_sealing_twice_gives_two_values(path: Path) -> None:
    vault = Vault.open(path)
    assert len({vault.seal(b"same", b"row") for _ in range(100)}) == 100


def test_a_secret_of_another_row_does_not_open(path: Path) -> None:
    vault = Vault.open(path)
    with pytest.raises(ConfigInvalid, match="'cameras/south'"):
        vault.unseal(vault.seal(b"x", b"cameras/north"), b"cameras/south")


def test_every_altered_byte_is_noticed(path: Path) -> None:
    vault = Vault.open(path)
    sealed = vault.seal(b"secret", b"row")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(ConfigInvalid):
            vault.unseal(bytes(altered), b"row")
    for length in range(len(sealed)):
        with pytest.raises(ConfigInvalid):
            vault.unseal(sealed[:length], b"row")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_key_that_others_can_open_is_refused_with_the_command(path: Path, mode: int) -> None:
    Vault.open(path)
    path.chmod(mode)
    with pytest.raises(ConfigInvalid, match=f"chmod 600 {path}"):
        Vault.open(path)


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33], ids=["empty", "short", "long"])
def test_a_file_that_is_no_key(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(ConfigInvalid, match="bytes instead of 32"):
        Vault.open(path)
    assert path.read_bytes() == content


def test_a_folder_in_the_place_of_the_key(path: Path) -> None:
    path.mkdir(mode=0o700)
    with pytest.raises((ConfigInvalid, StorageUnavailable), match=str(path)):
        Vault.open(path)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=str(tmp_path / "no")):
        Vault.open(tmp_path / "no" / "vault.key")


def test_the_key_does_not_print(path: Path) -> None:
    vault = Vault(b"CANARYCANARYCANARYCANARYCANARY!!")
    assert "CANARY" not in repr(vault)
    assert "CANARY" not in str(vars(vault))


def test_all_who_open_at_once_get_one_key(path: Path) -> None:
    barrier = threading.Barrier(8)
    vaults: list[Vault] = []

    def work() -> None:
        barrier.wait(30)
        vaults.append(Vault.open(path))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    sealed = vaults[0].seal(b"x", b"row")
    assert [vault.unseal(sealed, b"row") for vault in vaults] == [b"x"] * 8

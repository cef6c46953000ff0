"""A disk in memory that can lose its power: the twin of ``store.disk.RealDisk``.

It keeps apart what was written and what was synced, for content and for names, as strictly as POSIX
allows a file system to be: the sync of a file says nothing about its name, the sync of a folder
nothing about the folder's own name. Code that is safe here is safe on the real ones, which promise
more (L. Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014).
"""

import errno
import os
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from its_camera_ai.core.disk import Bytes, Entry, Space
from its_camera_ai.sim.power_cut import Inode, NameChange, Node, surviving_content, surviving_names

CAPACITY_BYTES = 1 << 40


class SimulatedDisk:
    """``core.disk.Disk`` in memory. Threads may share it; there are no symbolic links.

    Args:
        root: a folder that is there, and survives all.
        capacity_bytes: what fits on it.

    Attributes:
        calls: how many calls were begun.
        others_bytes: what someone else has put on the same disk; may be changed at any time.

    >>> disk = SimulatedDisk(Path("/media"))
    >>> file = disk.create(Path("/media/a"))
    >>> file.write([b"never synced"])
    >>> disk.power_cut(random.Random(3)).entries(Path("/media"))
    []
    """

    def __init__(self, root: Path, *, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._root = root
        self._capacity_bytes = capacity_bytes
        self.others_bytes = 0
        self.calls = 0
        self._cut_in, self._cut_at = 0, ""
        self._gone = False
        self._lock = threading.RLock()
        self._names: dict[Path, Node] = {root: None}
        self._durable: dict[Path, Node] = {root: None}
        self._pending: list[NameChange] = []

    # --- the power ---

    @property
    def gone(self) -> bool:
        """Whether the power is gone: every call then fails."""
        return self._gone

    def cut_in(self, calls: int, name: str = "") -> None:
        """The power goes in the middle of the ``calls``-th call from now, 1 being the next; 0 takes
        that back. With a name only calls of that function count, those of files included."""
        self._cut_in, self._cut_at = calls, name

    def power_cut(self, rng: random.Random) -> "SimulatedDisk":
        """What is found when the power is back. This disk is gone from then on."""
        with self._lock:
            self._gone = True
            after = SimulatedDisk(self._root, capacity_bytes=self._capacity_bytes)
            after.others_bytes = self.others_bytes
            copies: dict[int, Inode] = {}
            for path, node in surviving_names(self._durable, self._pending, rng).items():
                if node is None:
                    after._names[path] = None
                    continue
                if id(node) not in copies:
                    content = surviving_content(node, rng)
                    copies[id(node)] = Inode(bytearray(content), bytearray(content))
                after._names[path] = copies[id(node)]
            after._durable = dict(after._names)
            return after

    # --- looking at it from outside ---

    def files(self) -> dict[Path, bytes]:
        """Everything on it, also after the power is gone."""
        with self._lock:
            return {p: bytes(n.content) for p, n in self._names.items() if n is not None}

    def flip(self, path: Path, bit: int) -> None:
        """Change one bit of a file behind everyone's back, as ageing media do."""
        with self._lock:
            node = self._inode(path)
            for copy in (node.content, node.durable):
                copy[bit // 8] ^= 1 << bit % 8

    def lay_out(self, folder: Path) -> None:
        """Write it all into a real folder, for programs that know no twins."""
        for path, content in self.files().items():
            target = folder / path.relative_to(self._root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    # --- core.disk.Disk ---

    def create(self, path: Path) -> "SimulatedFile":
        with self.call("create"):
            self._folder(path.parent)
            if path in self._names:
                raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            if self._free_bytes() <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            node = Inode(bytearray(), bytearray(), locked=True)
            self._change((path, node))
            return SimulatedFile(self, node)

    def edit(self, path: Path) -> "SimulatedFile":
        with self.call("edit"):
            node = self._inode(path)
            if node.locked:
                raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK), str(path))
            node.locked = True
            return SimulatedFile(self, node)

    def open(self, path: Path) -> "SimulatedReading":
        with self.call("open"):
            return SimulatedReading(self, self._inode(path))

    def open_beneath(self, root: Path, relative: str) -> "SimulatedReading":
        return self.open(root / relative)

    def make_folder(self, folder: Path) -> None:
        with self.call("make_folder") as whole:
            missing = []
            while folder not in self._names and folder != folder.parent:
                missing.append(folder)
                folder = folder.parent
            self._folder(folder)
            for made in reversed(missing):
                self._change((made, None))
            if whole:
                # also of those that were there: a process that was killed may not have synced them
                for path in [*missing, folder, *folder.parents]:
                    self._commit(path.parent)

    def rename(self, source: Path, target: Path) -> None:
        with self.call("rename"):
            node = self._inode(source)
            self._folder(target.parent)
            if self._names.get(target, node) is None:
                raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
            self._change((target, node), removed=(source,))

    def unlink(self, path: Path) -> None:
        with self.call("unlink"):
            self._inode(path)
            self._change(removed=(path,))

    def remove_folder(self, folder: Path) -> None:
        with self.call("remove_folder"):
            self._folder(folder)
            if any(path.parent == folder for path in self._names if path != folder):
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(folder))
            self._change(removed=(folder,))

    def sync_folder(self, folder: Path) -> None:
        with self.call("sync_folder") as whole:
            self._folder(folder)
            if whole:
                self._commit(folder)

    def entries(self, folder: Path) -> list[Entry]:
        with self.call("entries"):
            self._folder(folder)
            return [
                Entry(path.name, node is not None, node is None)
                for path, node in self._names.items()
                if path.parent == folder and path != folder
            ]

    def size(self, path: Path) -> int:
        with self.call("size"):
            return len(self._inode(path).content)

    def space(self, folder: Path) -> Space:
        with self.call("space"):
            self._folder(folder)
            return Space(self._capacity_bytes, max(0, self._free_bytes()))

    # --- inside ---

    @contextmanager
    def call(self, name: str) -> Iterator[bool]:
        """One call on the disk or a file of it. Gives False if the power goes in its middle: then
        nothing may be made durable by it, and it fails at its end.

        Raises:
            OSError: the power is gone.
        """
        with self._lock:
            self._demand_power()
            self.calls += 1
            if self._cut_in and self._cut_at in ("", name):
                self._cut_in -= 1
                self._gone = self._cut_in == 0
            yield not self._gone
            self._demand_power()

    def _demand_power(self) -> None:
        if self._gone:
            raise OSError(errno.EIO, "the power is gone")

    def room_for(self, wanted_bytes: int) -> int:
        """How many of so many bytes fit."""
        return max(0, min(wanted_bytes, self._free_bytes()))

    def _free_bytes(self) -> int:
        inodes = {id(node): node for node in self._names.values() if node is not None}
        used = sum(len(node.content) for node in inodes.values())
        return self._capacity_bytes - self.others_bytes - used

    def _inode(self, path: Path) -> Inode:
        node = self._names.get(path)
        if node is None:
            code = errno.EINVAL if path in self._names else errno.ENOENT
            raise OSError(code, os.strerror(code), str(path))
        return node

    def _folder(self, folder: Path) -> None:
        if self._names.get(folder, self) is not None:
            code = errno.ENOTDIR if folder in self._names else errno.ENOENT
            raise OSError(code, os.strerror(code), str(folder))

    def _change(self, *added: tuple[Path, Node], removed: tuple[Path, ...] = ()) -> None:
        change = NameChange(added, removed)
        change.apply(self._names)
        self._pending.append(change)

    def _commit(self, folder: Path) -> None:
        """Make the changes in this folder durable, and those that they stand on."""
        wanted: set[Path] = set()
        chosen: list[NameChange] = []
        for change in reversed(self._pending):
            if any(p.parent == folder for p in change.paths) or wanted & change.paths:
                wanted |= change.paths
                chosen.append(change)
        for change in reversed(chosen):
            change.apply(self._durable)
        kept = {id(change) for change in chosen}
        self._pending = [change for change in self._pending if id(change) not in kept]


class SimulatedFile:
    """``core.disk.WritableFile``."""

    def __init__(self, disk: SimulatedDisk, node: Inode) -> None:
        self._disk = disk
        self._node = node
        self._open = True

    def write(self, pieces: Sequence[Bytes]) -> None:
        with self._call("write"):
            data = b"".join(pieces)
            fits = self._disk.room_for(len(data))
            self._node.write(data[:fits])
            if fits < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        with self._call("sync") as whole:
            if whole:
                self._node.sync()

    def lose_unsynced(self) -> None:
        """What a failed sync does on Linux: pages that could not be written count as clean from
        then on, and no later sync brings them to the disk."""
        with self._call("lose_unsynced"):
            self._node.changes.clear()

    def truncate(self, size_bytes: int) -> None:
        with self._call("truncate"):
            self._node.truncate(size_bytes)

    def close(self) -> None:
        with self._disk.call("close"):
            self._open = self._node.locked = False

    @contextmanager
    def _call(self, name: str) -> Iterator[bool]:
        with self._disk.call(name) as whole:
            if not self._open:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            yield whole


class SimulatedReading:
    """``core.disk.ReadableFile``."""

    def __init__(self, disk: SimulatedDisk, node: Inode) -> None:
        self._disk = disk
        self._node = node
        self._size_bytes = len(node.content)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def read(self, size_bytes: int, at: int) -> bytes:
        with self._disk.call("read"):
            return bytes(self._node.content[at : at + size_bytes])

    def close(self) -> None:
        """Nothing is held."""

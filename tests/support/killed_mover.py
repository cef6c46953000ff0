"""Moves recordings in processes that are killed at any point.

Run as a process of its own, which loads everything once; for each line of JSON on standard input it
forks a child that opens the site and moves, and answers with the child's fate. The child kills
itself (SIGKILL) at the call of this package's or the system's functions that it was told, counted
over all of them; or its parent kills it after some time, which meets threads that are not Python's.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from its_camera_ai.core.segments import Tier
from its_camera_ai.recorder.keeping.tier_mover import TierMover
from its_camera_ai.store.database import open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.s3_access import S3Access
from its_camera_ai.store.s3_store import S3Store
from tests.support.swift import QUICK
from tests.support.tiers import TieredSite


def make_mover(order: dict[str, str]) -> TierMover:
    folder = Path(order["folder"])
    warm: MediaStore
    if order["endpoint"]:
        access = S3Access(
            order["endpoint"], "us-east-1", order["access_key"], order["secret_key"], QUICK
        )
        warm = S3Store(access, order["bucket"], order["prefix"])
    else:
        warm = FolderStore(RealDisk(), folder / "nas")
    database = open_database(f"sqlite:///{folder}/site.db")
    return TieredSite(database, folder / "hot", {Tier.WARM: warm}).mover()


def move(order: dict[str, str], kill_at: int) -> int:
    """Move all; killed at the ``kill_at``-th call. Gives the calls that it took."""
    mover = make_mover(order)
    calls = 0

    def count(frame: FrameType, event: str, _detail: object) -> None:
        nonlocal calls
        if event in ("call", "c_call") and "its_camera_ai" in frame.f_code.co_filename:
            calls += 1
            if calls == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    mover.run(lambda: False)
    sys.setprofile(None)
    return calls


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.write(writing, str(move(order, order["kill_at"])).encode())
            os._exit(0)
        os.close(writing)
        if order["kill_after_s"] is not None:
            time.sleep(order["kill_after_s"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as told:
            calls = told.read()
        sys.stdout.write(json.dumps({"status": status, "calls": int(calls or 0)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

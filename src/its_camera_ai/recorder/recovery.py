"""Takes up what a crash left: closes the files that were in the making, brings the index in step.

Nothing is deleted: a torn tail is cut, what can't be read goes into quarantine [6].
"""

import errno
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from its_camera_ai.core.disk import Disk, WritableFile
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.check import Depth, check
from its_camera_ai.recorder.media_tree import place_of
from its_camera_ai.recorder.quarantine import quarantine
from its_camera_ai.recorder.repair import Repaired, Repairs
from its_camera_ai.recorder.segment_file import OPEN_FOLDER, unavailable
from its_camera_ai.recorder.volume import Volume
from its_camera_ai.store.segments import SegmentRepository

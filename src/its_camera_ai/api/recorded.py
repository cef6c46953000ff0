"""What the routes over recordings share: spans and moments in queries, gaps as problems."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from anyio import to_thread

from its_camera_ai.api.deps import ApiDeps, Running
from its_camera_ai.api.problems import Busy, NotFound
from its_camera_ai.api.times import wall_time
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.recorder.playing.playback import NothingRecorded

T = TypeVar("T")

CACHE_FOREVER = "private, max-age=86400, immutable"
"""For what never changes under its address: media, 24 h, kept by the viewer's own browser only."""
SPAN_NS_MAX = 7 * 86_400 * NS_PER_S
_WAITING_MAX = 64


def span(since: str, until: str) -> tuple[int, int]:
    """A span of recordings as wall times in ns.

    Raises:
        ConfigInvalid: no times, backwards or empty, or more than a week.
    """
    since_ns, until_ns = wall_time("since", since), wall_time("until", until)
    assert since_ns is not None  # noqa: S101  only a missing text gives None
    assert until_ns is not None  # noqa: S101  same
    if until_ns <= since_ns:
        raise ConfigInvalid("until: does not lie after since; exchange the two.")
    if until_ns - since_ns > SPAN_NS_MAX:
        raise ConfigInvalid("until: lies more than 7 days after since; ask for a shorter span.")
    return since_ns, until_ns


def moment(at: str) -> int:
    """One moment as wall time in ns.

    Raises:
        ConfigInvalid: it is no time.
    """
    wall_ns = wall_time("at", at)
    assert wall_ns is not None  # noqa: S101  only a missing text gives None
    return wall_ns


def exact(wall_ns: int) -> str:
    """RFC 3339 in microseconds, not before the moment, so that asking for it finds it again.

    >>> exact(1_700_000_000_123_456_001)
    '2023-11-14T22:13:20.123457Z'
    """
    micros = -(-wall_ns // 1000)
    whole = iso_utc(micros // 1_000_000 * NS_PER_S)
    return f"{whole[:19]}.{micros % 1_000_000:06d}Z"


@contextmanager
def gaps_told(deps: ApiDeps, camera_id: str) -> Iterator[None]:
    """Answers a gap by 404 with the nearest moments ``before`` and ``after`` that are recorded."""
    try:
        yield
    except NothingRecorded as error:
        nearest = {
            "before": None if error.before_ns is None else exact(error.before_ns),
            "after": None if error.after_ns is None else exact(error.after_ns),
        }
        if nearest["before"] is nearest["after"] is None and deps.cameras.get(camera_id) is None:
            raise NotFound(
                f"There is no camera '{camera_id}' and none of its recordings."
            ) from error
        raise NotFound(str(error), extra=nearest) from error


async def decoded(app: Running, work: Callable[[], T]) -> T:
    """Run what decodes in one of the few places for that, waiting for it in a bounded queue.

    Raises:
        Busy: the queue is full.
    """
    if app.decoding.statistics().tasks_waiting >= _WAITING_MAX:
        raise Busy(
            f"More than {_WAITING_MAX} pictures wait to be decoded; try again in a moment, or ask "
            "for one strip instead of many pictures."
        )
    return await to_thread.run_sync(work, limiter=app.decoding)

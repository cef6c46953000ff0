"""Structured logs on standard error: one line, one fact, no secret."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from its_camera_ai.core.camera_url import CameraUrl

_SECRET_WORDS = ("password", "secret", "token", "credential", "authorization", "cookie")


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hides values whose name speaks of a secret, and credentials inside addresses."""
    for key, value in event.items():
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
        elif isinstance(value, CameraUrl):
            event[key] = value.masked()
    return event


def configure_logs(level: str, log_format: str, **bound: object) -> None:
    """Set up the process's logging once, at its start.

    Args:
        bound: facts that stand in every line, such as the role.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    if not console:
        shared.append(structlog.processors.format_exc_info)
    numeric = getattr(logging, level.upper())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(numeric, logging.WARNING), force=True)
    structlog.contextvars.bind_contextvars(**bound)

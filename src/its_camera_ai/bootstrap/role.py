"""Starts one process of the site."""

from importlib import import_module

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.ops.process_facts import ProcessFacts
from its_camera_ai.ops.settings import Settings

ROLES = ("ingest", "vision", "server", "jobs")
"""Each is a module of this room with ``run(settings, index, facts)``."""


def run_role(settings: Settings, role: str, index: int, facts: ProcessFacts) -> None:
    """Be one process of the site until told to stop.

    Raises:
        ConfigInvalid: there is no such role.
    """
    if role not in ROLES:
        raise ConfigInvalid(f"There is no role {role!r}; use one of {', '.join(ROLES)}.")
    import_module(f"its_camera_ai.bootstrap.{role}").run(settings, index, facts)

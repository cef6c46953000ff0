"""``itscam role``: be one process. Its own module, so that a process loads no other command."""

import sys

from its_camera_ai.bootstrap.role import run_role
from its_camera_ai.core.errors import ItscamError
from its_camera_ai.ops.logs import configure_logs
from its_camera_ai.ops.process_facts import ProcessFacts
from its_camera_ai.ops.settings import load_settings


def argv(name: str, index: int) -> list[str]:
    """How the supervisor starts it."""
    return [sys.executable, "-m", "its_camera_ai.cli.role", name, str(index)]


def run(name: str, index: int) -> None:
    """Be that process until told to stop."""
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format, role=name, index=index)
    run_role(settings, name, index, ProcessFacts())


if __name__ == "__main__":
    try:
        run(sys.argv[1], int(sys.argv[2]))
    except ItscamError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)

"""``itscam``: one command for everything. Errors end in one line and a meaningful exit code.

Exit codes: 0 done, 1 the system failed, 2 wrong use or configuration, 3 input can't be read,
4 partly done.

A command's module is imported when it is called: ``itscam status`` must not wait for an inference
runtime to load.
"""

import sys
from importlib import import_module
from typing import Any

import typer
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command

from its_camera_ai import __version__
from its_camera_ai.cli.console import err, out
from its_camera_ai.core.errors import ItscamError

COMMANDS = {
    "up": "running:up",
    "demo": "running:demo",
    "status": "status:status",
    "analyze": "analyze:analyze",
    "calibrate": "calibrate:app",
    "apply": "config:apply",
    "export": "traffic_exports:app",
    "diff": "config:diff",
    "report": "report:app",
    "camera": "camera:app",
    "search": "search:app",
    "models": "models:app",
    "eval": "eval:app",
    "storage": "storage:app",
    "users": "users:app",
    "clip": "clip:app",
    "evidence": "evidence:app",
}
"""Name → module of this room and what in it: a function, or a ``Typer`` of several commands."""


class _LazyGroup(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"its_camera_ai.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            group = get_command(found)
            group.name = cmd_name
            return group
        single = typer.Typer(add_completion=False)
        single.command(cmd_name)(found)
        return get_command(single)


app = typer.Typer(
    name="itscam",
    cls=_LazyGroup,
    help="AI video for streets and sites: record, see, count, alert, prove.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """AI video for streets and sites."""


def main() -> None:
    """Entry point: turns our own errors into one line and their exit code."""
    try:
        app()
    except ItscamError as error:
        err.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()

"""``itscam``: one command for everything. Errors end in one line and a meaningful exit code.

Exit codes: 0 done, 1 the system failed, 2 wrong use or configuration, 3 input can't be read,
4 partly done.
"""

import sys

import typer
from rich.markup import escape

from its_camera_ai import __version__
from its_camera_ai.cli import camera, config, models, running, users
from its_camera_ai.cli.analyze import analyze
from its_camera_ai.cli.console import err, out
from its_camera_ai.core.errors import ItscamError

app = typer.Typer(
    name="itscam",
    help="AI video for streets and sites: record, see, count, alert, prove.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(running.up)
app.command()(running.demo)
app.command()(running.status)
app.command(hidden=True)(running.role)
app.command()(analyze)
app.command()(config.apply)
app.command("export")(config.export)
app.command()(config.diff)
app.add_typer(camera.app, name="camera")
app.add_typer(models.app, name="models")
app.add_typer(users.app, name="users")


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

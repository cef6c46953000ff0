"""``itscam users``: who may sign in."""

from typing import Annotated

import typer
from rich.table import Table

from its_camera_ai.api.one_time_passwords import add_user, reset_password
from its_camera_ai.bootstrap.site import open_site
from its_camera_ai.cli.console import out
from its_camera_ai.ops.settings import load_settings
from its_camera_ai.store.users import UserRepository

app = typer.Typer(no_args_is_help=True, help="Who may sign in to the dashboard.")


@app.command("list")
def list_command() -> None:
    """List the accounts."""
    site = open_site(load_settings())
    table = Table("name", "role", "state")
    for user in UserRepository(site.database).all():
        state = "disabled" if user.disabled else "active"
        table.add_row(user.username, user.role, state)
    out.print(table)
    site.close()


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="User name.")],
    role: Annotated[str, typer.Option(help="viewer, operator or admin.")] = "viewer",
) -> None:
    """Make an account and print its one-time password, to be changed at the first log-in."""
    site = open_site(load_settings())
    out.print(f"one-time password: {add_user(site.database, site.clock, name, role)}")
    site.close()


@app.command("reset-password")
def reset_password_command(
    name: Annotated[str, typer.Argument(help="User name.")],
) -> None:
    """Give an account a new one-time password; all its sessions end."""
    site = open_site(load_settings())
    out.print(f"one-time password: {reset_password(site.database, name)}")
    site.close()

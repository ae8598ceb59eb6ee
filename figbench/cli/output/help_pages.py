"""Help pages of commands: one line an option where it fits, no names of environment variables."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

FAULTS = "Faults that are accepted or refused"
"""Panel of the options whose long negative form would squeeze the texts of the others."""


class PlainHelpCommand(TyperCommand):
    """A command whose help leaves the names of variables to docs/environment.md.

    Each name is ``FIGBENCH_<COMMAND>_<OPTION>``, too long for the help column at 80 characters.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in self.params:
            if hasattr(parameter, "show_envvar"):
                parameter.show_envvar = False
            if parameter.default is False and hasattr(parameter, "show_default"):
                parameter.show_default = False


def use_plain_help(app: typer.Typer) -> None:
    """Gives every command of an app and of its groups the plain help page."""
    for command in app.registered_commands:
        command.cls = PlainHelpCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            use_plain_help(group.typer_instance)

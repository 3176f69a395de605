"""The group of all commands."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module

import click
from click.shell_completion import shell_complete

from picasso_client.cli import COMMANDS
from picasso_client.cli.advice import explained
from picasso_client.cli.context import PROJECT, URL, Settings
from picasso_client.cli.output import say
from picasso_client.errors import PicassoError
from picasso_client.version import __version__

INTERRUPTED = 130

# In which module a command is.
MODULES = {
    "upload": "upload",
    "ls": "files",
    "rm": "files",
    "restore": "files",
    "tag": "files",
    "get": "get",
    "watch": "watch",
    "import": "imports",
    "api": "api",
    "login": "login",
    "logout": "login",
    "whoami": "login",
    "completion": "completion",
}


class Commands(click.Group):
    """Imports the module of a command when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(dict.fromkeys([*COMMANDS, *others_of(ctx)]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if what := others_of(ctx).get(cmd_name):
            return commands if cmd_name == "client" else of_somebody_else(cmd_name, what)
        if module := MODULES.get(cmd_name):
            found: click.Command = import_module(f"picasso_client.cli.{module}").COMMANDS[cmd_name]
            return found
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Without importing their modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def others_of(ctx: click.Context) -> Mapping[str, str]:
    """None below ``client``, which has its own commands only."""
    return ctx.obj.others if isinstance(ctx.obj, Settings) and ctx.parent is None else {}


def of_somebody_else(name: str, what: str) -> click.Command:
    """For completions. It is run here only with an option of the client before it."""

    def refuse() -> None:
        raise click.UsageError(f"{name!r} takes no options before it.")

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, anything, refuse, help=what, short_help=what, add_help_option=False)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@URL
@PROJECT
@click.version_option(__version__)
def commands() -> None:
    """Upload, list and fetch files of a Picasso service.

    The key is that of `login`, or PICASSO_KEY.
    """


def run(arguments: Sequence[str], program: str, others: Mapping[str, str]) -> int:
    """The status to exit with."""
    settings = Settings(program, others)
    try:
        with commands.make_context(program, list(arguments), obj=settings) as context:
            commands.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as fault:
        fault.show()
        return fault.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except (PicassoError, OSError) as fault:
        say(f"{program}: {explained(fault, program, settings.url)}")
        return 1
    return 0


def complete(program: str, others: Mapping[str, str]) -> int | None:
    """If a shell asks for completions: print them. The status to exit with, otherwise None."""
    variable = completion_variable(program)
    if not (instruction := os.environ.get(variable)):
        return None
    return shell_complete(commands, {"obj": Settings(program, others)}, program, variable, instruction)


def completion_variable(program: str) -> str:
    return f"_{program.replace('-', '_').upper()}_COMPLETE"

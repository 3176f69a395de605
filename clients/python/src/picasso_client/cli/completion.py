"""`completion`: the scripts of shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from picasso_client.cli.app import commands, completion_variable
from picasso_client.cli.context import Settings


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion(settings: Settings, /, *, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(picasso-client completion bash)"        in ~/.bashrc
    zsh:  eval "$(picasso-client completion zsh)"         in ~/.zshrc, after compinit
    fish: picasso-client completion fish | source         in ~/.config/fish/config.fish
    """
    found = get_completion_class(shell)
    assert found
    program = settings.program.partition(" ")[0]
    click.echo(found(commands, {}, program, completion_variable(program)).source())


COMMANDS = {"completion": completion}

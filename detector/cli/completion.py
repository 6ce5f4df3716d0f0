"""`detector completion`: the script that lets a shell complete commands and options."""

from __future__ import annotations

import click

INSTALL = {
    "bash": 'eval "$(detector completion bash)"  in ~/.bashrc',
    "zsh": 'eval "$(detector completion zsh)"   in ~/.zshrc',
    "fish": "detector completion fish > ~/.config/fish/completions/detector.fish",
}


@click.command(epilog="\b\n" + "\n".join(INSTALL.values()))
@click.argument("shell", type=click.Choice(tuple(INSTALL)))
def command(shell: str) -> int:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    from detector.cli.group import group
    from detector.cli.output import write_stdout

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    write_stdout(kind(group, {}, "detector", "_DETECTOR_COMPLETE").source().encode() + b"\n")
    return 0

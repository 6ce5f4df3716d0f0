"""The commands: one line each. A command's module is loaded when it runs, so that `--help` answers at once."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

import detector
from detector.cli.main import INTERRUPTED

COMMANDS = {
    "scan": "Find surges in log dumps and counts tables.",
    "explain": "Tell the whole reasoning behind an incident of the last scan.",
    "learn": "Learn what is normal for each service and store it.",
    "backtest": "Replay logs: pages that would have been sent, surges that would have been found.",
    "parse": "Print or write the parsed records.",
    "formats": "List the formats known, or explain why a file was read as it was.",
    "demo": "Render the outage of 19 November 2021 as logs, and find it.",
    "watch": "Follow logs and tell incidents as they open and end.",
    "silence": "Keep quiet about services for a time; list and end that.",
    "mark": "Call an incident of a watch a false alarm, or accept it as the new usual.",
    "alerts": "List the notices that were sent, wait or are dead; send a test; retry.",
    "config": "Show or check the settings and where each came from.",
    "completion": "Print the completion script for a shell.",
}
"""Name -> what it does; `detector/cli/NAME.py` holds it as `command`."""
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class LateGroup(click.Group):
    """A group that knows its commands by name and loads the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"detector.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run one command; an interrupt is an exit code, not an empty line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for one that is unknown."""
        from detector.config import suggestion

        if args and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(f"no such command `{args[0]}`{suggestion(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


def command_names() -> Sequence[str]:
    """All commands."""
    return tuple(COMMANDS)


@click.command(cls=LateGroup, context_settings=CONTEXT)
@click.version_option(detector.__version__, prog_name="detector", message="%(prog)s %(version)s")
def group() -> None:
    """Find services that suddenly talk too much, from the logs they already write.

    \b
    detector scan /var/log/nginx                 surges in log files
    kubectl logs --timestamps POD | detector scan -
    detector scan access.log --format json       for programs

    Exit codes: 0 nothing found, 1 incidents found, 2 wrong usage or nothing could be read, 3 nothing found but some
    input was damaged or not understood, 4 notices were not delivered, 78 invalid settings or model, 130 interrupted.
    """

"""The program's command with its global options; its subcommands are loaded when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from xlsform import __version__
from xlsform.cli.console import HELP, tell

#: The module of each command in `xlsform.cli.commands`, where a function has the command's name.
_MODULES = {
    "demo": "demo",
    "describe": "data",
    "extract": "data",
    "fill": "data",
    "generate": "generate",
    "mail": "mail",
    "projects": "projects",
    "register": "register",
    "rules": "rules",
    "status": "status",
    "summarize": "summarize",
    "templates": "templates",
    "validate": "validate",
}

#: Exit code after Ctrl-C, as shells have it: 128 and the signal's number.
_INTERRUPTED = 130

_GLOBAL_FLAGS = ("-q", "--quiet", "-v", "--verbose")


class _Group(click.Group):
    """A group whose commands end in one clear line, never in a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _MODULES and cmd_name not in self.commands:
            from xlsform.cli.guard import guard

            module = import_module(f"xlsform.cli.commands.{_MODULES[cmd_name]}")
            command = getattr(module, cmd_name)
            guard(command)
            self.add_command(command)
        return super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the global options from wherever they were typed: before the command or behind it."""
        end = args.index("--") if "--" in args else len(args)
        moved, rest = [], []
        words = iter(args[:end])
        for word in words:
            if word == "--lang":
                moved += [word, *[value for value in [next(words, None)] if value is not None]]
            elif word.startswith("--lang=") or word in _GLOBAL_FLAGS:
                moved.append(word)
            else:
                rest.append(word)
        return super().parse_args(ctx, [*moved, *rest, *args[end:]])

    def make_context(self, *arguments: Any, **values: Any) -> click.Context:
        """Read the command line; help and version are printed meanwhile."""
        try:
            return super().make_context(*arguments, **values)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from xlsform.errors import XlsformError
            from xlsform.messages import default_language, render

            if not isinstance(error, XlsformError):
                raise
            for message in error.messages:
                click.echo(render(message, default_language()), err=True)
            raise click.exceptions.Exit(error.exit_code) from None

    def invoke(self, ctx: click.Context) -> Any:
        from xlsform.errors import XlsformError

        try:
            return super().invoke(ctx)
        except XlsformError as error:
            for message in error.messages:
                tell(message)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            from xlsform.messages import say

            tell(
                say(
                    "interrupted; nothing half-written is left behind. Run the same command again; with --register, "
                    "what was judged is not judged again"
                )
            )
            ctx.exit(_INTERRUPTED)


@click.group(cls=_Group, context_settings=HELP)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of messages; by the locale if not given.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what is being done.")
@click.pass_context
def cli(ctx: click.Context, lang: str | None, quiet: bool, verbose: bool) -> None:
    """Locked workbooks for the 项目支出绩效自评表, and a validator for those that come back."""
    ctx.obj = {"lang": lang, "quiet": quiet, "verbose": verbose}

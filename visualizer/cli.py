"""The command `loupe`: the window, and the headless commands as child processes.

The headless commands live in `renderer` and are started as `python -m renderer.<command>`, so
that the window's process never imports torch and they never import a window.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import click

from renderer.environment import compute_environment

_HEADLESS = {
    "images": "Write pictures of seeds, or of a saved state, to a folder.",
    "info": "Say what is in a checkpoint, without building it.",
    "convert": "Write a checkpoint as safetensors.",
    "doctor": "Say what this machine offers: devices, kernels, OpenGL, folders.",
}
_PASS_ON = {"ignore_unknown_options": True, "help_option_names": [], "allow_extra_args": True}


class _Group(click.Group):
    """A group whose first word may also be a checkpoint: `loupe model.pkl`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            return "window", self.commands["window"], args
        return super().resolve_command(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage("loupe", "[CHECKPOINT]...")
        formatter.write_usage("loupe", "COMMAND [ARGS]...", "       ")


@click.group(cls=_Group, invoke_without_command=True, no_args_is_help=False)
@click.version_option(package_name="latent-loupe", prog_name="loupe")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Latent Loupe: play with StyleGAN generators, and look inside them.

    `loupe` opens the window on the bundled generator, `loupe a.pkl b.safetensors` on your own;
    a folder means its newest network-snapshot-*.pkl, an address is downloaded. The commands below
    need no display.
    """
    if ctx.invoked_subcommand is None:
        _open_window([])


@main.command(hidden=True)
@click.argument("checkpoints", nargs=-1, required=True)
def window(checkpoints: tuple[str, ...]) -> None:
    """Open the window on these checkpoints."""
    from renderer.messages import is_address

    for name in checkpoints:
        if is_address(name):
            if not name.lower().startswith(("http://", "https://")):
                raise click.ClickException(
                    f"{name!r} is not opened: only http:// and https:// addresses are."
                )
        elif not name.startswith("bundled:") and not os.path.exists(name):
            commands = ", ".join(_HEADLESS)
            raise click.ClickException(
                f"{name!r} is neither a file nor a folder nor a command ({commands})."
            )
    _open_window(checkpoints)


def _open_window(sources: Sequence[str]) -> None:
    from visualizer.start import NoDisplayError, open_window

    try:
        open_window(sources)
    except NoDisplayError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl+C in the terminal; the session is saved


def _add_headless(name: str, help_text: str) -> None:
    @main.command(name, help=help_text, short_help=help_text, context_settings=_PASS_ON)
    @click.argument("args", nargs=-1, type=click.UNPROCESSED)
    def start(args: tuple[Any, ...]) -> None:
        sys.exit(run_headless(name, args))


def run_headless(name: str, args: Sequence[str]) -> int:
    """Run `python -m renderer.<name>` with these arguments; returns its exit code."""
    module = f"renderer.{name}"
    if importlib.util.find_spec(module) is None:
        raise click.ClickException(f"this version has no command {name!r}.")
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    paths = [root, os.environ.get("PYTHONPATH", "")]
    environment = {**compute_environment(), "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    child = subprocess.Popen([sys.executable, "-m", module, *args], env=environment)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the child got it too and ends by itself


for _name, _help in _HEADLESS.items():
    _add_headless(_name, _help)

"""The program: every command, and its exit status."""

import gc
import io
import os
import sys
import traceback
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from nested_lightning.commands.check import check
from nested_lightning.commands.compare import compare
from nested_lightning.commands.completing.bash import asking_shell, complete_in_bash
from nested_lightning.commands.config import config
from nested_lightning.commands.creating.new import new
from nested_lightning.commands.doctor import doctor
from nested_lightning.commands.evaluate import evaluate
from nested_lightning.commands.export import export
from nested_lightning.commands.fetch import fetch
from nested_lightning.commands.graph import graph
from nested_lightning.commands.inspect import inspect
from nested_lightning.commands.models import models
from nested_lightning.commands.parameters import with_options
from nested_lightning.commands.predict import CONTEXT, predict
from nested_lightning.commands.printing.console import print_error, show_warnings_as_notes
from nested_lightning.commands.report import report
from nested_lightning.commands.resume import resume
from nested_lightning.commands.serve import serve
from nested_lightning.commands.swap import swap
from nested_lightning.commands.sweep import sweep
from nested_lightning.commands.train import train
from nested_lightning.commands.tune import tune

_READER_IS_GONE = 141
"""What a shell says of a program that SIGPIPE ended, e.g. of the first one in ``models | head -1``."""

app = typer.Typer(
    name="nested-lightning",
    help="Nested Lightning: Lightning models made of injected submodules.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    train,
    resume,
    sweep,
    evaluate,
    inspect,
    export,
    swap,
    models,
    config,
    check,
    graph,
    report,
    compare,
    fetch,
    doctor,
):
    app.command()(with_options(command))
app.command(context_settings=CONTEXT)(with_options(predict))
app.command()(with_options(serve))
app.add_typer(tune, name="tune")
app.add_typer(new, name="new")


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        try:
            typer.echo(f"nested-lightning {version('nested-lightning')}")
        except PackageNotFoundError:
            typer.echo("nested-lightning, from a source tree that isn't installed")
        raise typer.Exit


@app.callback()
def say_version(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that come before a command."""
    del version


def run() -> None:
    """Run the command line; exit with 2 for a user's mistake and with 1 for a failure."""
    _escape_what_cannot_be_encoded()
    shell = asking_shell(os.environ)
    if shell is not None:
        warnings.simplefilter("ignore")  # they would appear in the line that is being typed
    else:
        show_warnings_as_notes()
    try:
        if shell == "bash":
            complete_in_bash(app, os.environ)
        else:
            app()
    except SystemExit as end:
        is_reader_gone = isinstance(end.__context__, BrokenPipeError)
        sys.exit(_READER_IS_GONE if is_reader_gone else end.code)
    except Exception as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        sys.exit(print_error(error))
    finally:
        gc.freeze()  # or the interpreter, at its end, looks for garbage in all that is imported: a second


def _escape_what_cannot_be_encoded() -> None:
    """Write characters that the terminal's encoding lacks as escapes, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

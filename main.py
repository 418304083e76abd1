"""The door: ``python main.py train --model multi-feature``."""

import os
import sys
import traceback
import warnings

import typer

from commands.bash_completion import complete_in_bash, is_completing, is_completing_in_bash
from commands.check import check
from commands.config import config
from commands.doctor import doctor
from commands.evaluate import evaluate
from commands.export import export
from commands.graph import graph
from commands.inspect import inspect
from commands.models import models
from commands.predict import CONTEXT, predict
from commands.printing import print_error, show_warnings_as_notes
from commands.resume import resume
from commands.swap import swap
from commands.train import train

app = typer.Typer(
    name="nested-lightning",
    help="Nested Lightning: Lightning models made of injected submodules.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (train, resume, evaluate, inspect, export, swap, models, config, check, graph, doctor):
    app.command()(command)
app.command(context_settings=CONTEXT)(predict)


def run() -> None:
    """Run the command line; exit with 2 for a user's mistake and with 1 for a failure."""
    if is_completing(os.environ):
        warnings.simplefilter("ignore")  # they would stand in the line that is typed
    else:
        show_warnings_as_notes()
    try:
        if is_completing_in_bash(os.environ):
            complete_in_bash(app, os.environ)
        else:
            app()
    except Exception as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        sys.exit(print_error(error))


if __name__ == "__main__":
    run()

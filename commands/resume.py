"""``resume``: go on with a training that was interrupted."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import DebugOption, parse_assignments
from commands.printing import quiet_lightning, status_console
from commands.training import run_training


def resume(
    run: Annotated[Path, typer.Argument(help="A run folder, e.g. runs/multi-feature-20260101-120000.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", "-s", help="A setting of trainer that is to change.")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Go on with a training from its newest checkpoint, as if it had never been interrupted."""
    del debug
    with status_console.status("Starting"):
        from containers import resume_training

        quiet_lightning()
        training = resume_training(run, parse_assignments(set_))
    run_training(training)

"""``resume``: go on with a training that was interrupted."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import DebugOption
from commands.printing import quiet_lightning, status_console
from commands.training import run_training


def resume(
    run: Annotated[Path, typer.Argument(help="A run folder, e.g. runs/multi-feature-20260101-120000.")],
    debug: DebugOption = False,
) -> None:
    """Go on with a training from its newest checkpoint, as if it had never been interrupted."""
    del debug
    with status_console.status("Starting"):
        from containers import resume_training

        quiet_lightning()
        training = resume_training(run)
    run_training(training)

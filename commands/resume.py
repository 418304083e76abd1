"""``resume``: go on with a training that was interrupted."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import DebugOption, OverrideOption, parse_assignments
from commands.overrides import load_overrides, split_overrides
from commands.printing import quiet_lightning, status_console
from commands.training import run_training


def resume(
    run: Annotated[Path, typer.Argument(help="A run folder, e.g. runs/multi-feature-20260101-120000.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", help="A setting of trainer to change, or an override's argument."),
    ] = None,
    override: OverrideOption = None,
    debug: DebugOption = False,
) -> None:
    """Go on with a training from its newest checkpoint, as if it had never been interrupted."""
    del debug
    requests, assignments = split_overrides(override, set_)
    with status_console.status("Starting"):
        from containers import resume_training

        quiet_lightning()
        overrides = load_overrides(requests)
        training = resume_training(run, parse_assignments(assignments), overrides=overrides)
    run_training(training)

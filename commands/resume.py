"""``resume``: go on with a training that was interrupted."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from nested_lightning.app.training.runs.fold_folders import folds_in
from nested_lightning.commands.cross_validation import train_rest
from nested_lightning.commands.options import (
    EngineOption,
    OverrideOption,
    OwnModelOption,
    RayAddressOption,
    parse_assignments,
    refuse_idle_address,
)
from nested_lightning.commands.overrides import load_overrides, refuse_overrides_in_workers, split_overrides
from nested_lightning.commands.printing.console import quiet_lightning, starting
from nested_lightning.commands.run_training import print_result, run_training
from nested_lightning.settings.reading.errors import SettingsError


def resume(
    run: Annotated[Path, typer.Argument(help="A run folder, e.g. runs/multi-feature-20260101-120000.")],
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-s", help="A setting of trainer or the data's path, or an override's argument."
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Where the data are now.")] = None,
    model: OwnModelOption = None,
    override: OverrideOption = None,
    engine: EngineOption = "lightning",
    ray_address: RayAddressOption = None,
) -> None:
    """Go on with a training, or a cross-validation, as if it had never been interrupted."""
    del model  # took effect when it was parsed
    refuse_idle_address(ray_address, engine)
    requests, assignments = split_overrides(override, set_)
    changes, begun = parse_assignments(assignments), folds_in(run)
    if engine == "ray":
        from nested_lightning.containers.starting.ray_training import resume_in_workers

        if begun:
            raise SettingsError(["folds are trained in one process: leave --engine ray out"])
        refuse_overrides_in_workers(requests)
        print_result(resume_in_workers(run, changes, data=data, address=ray_address))
        return
    with starting("Starting"):
        from nested_lightning.containers.starting.folds import rest_of_folds
        from nested_lightning.containers.starting.resuming import resume_training

        quiet_lightning()
        options: dict[str, Any] = {"data": data, "environ": dict(os.environ)}
        overrides = load_overrides(requests)
        if begun:
            folds = rest_of_folds(run, changes, overrides, **options)
        else:
            training = resume_training(run, changes, overrides=overrides, **options)
    if begun:
        train_rest(folds)
    else:
        run_training(training)

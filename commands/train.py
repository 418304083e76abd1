"""``train``: train a model, evaluate its best checkpoint, list the files that were written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from nested_lightning.app.launch import is_restarted
from nested_lightning.commands.cross_validation import train_folds
from nested_lightning.commands.options import (
    EngineOption,
    RayAddressOption,
    best_of_run,
    refuse_idle_address,
)
from nested_lightning.commands.overrides import OverrideRequest, load_overrides, refuse_overrides_in_workers
from nested_lightning.commands.printing.console import print_note, quiet_lightning, starting
from nested_lightning.commands.run_training import print_result, refuse_faults, run_training
from nested_lightning.commands.sources import Sources
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import Layer


def train(
    sources: Sources,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Begin with the weights and settings of a checkpoint or a run folder's best.",
            callback=best_of_run,
        ),
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option("--run-dir", help="Run folder; else runs/MODEL-TIME.")
    ] = None,
    folds: Annotated[int | None, typer.Option("--folds", help="Cross-validate with that many folds.")] = None,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Train without looking for faults first, see `check`.")
    ] = False,
    engine: EngineOption = "lightning",
    ray_address: RayAddressOption = None,
) -> None:
    """Train a model and evaluate its best checkpoint on the test part."""
    refuse_idle_address(ray_address, engine)
    requests = sources.requests
    settings = sources.resolve(
        options={"run_dir": str(run_dir) if run_dir else None},
        below=_layers_from(from_, sources.model),
    )
    if folds is not None and engine == "ray":
        raise SettingsError(["--folds trains in one process: leave --engine ray out"])
    if folds is not None:
        train_folds(settings, folds, requests, is_checked=not no_check)
    elif engine == "ray":
        refuse_overrides_in_workers(requests)
        _train_in_workers(settings, ray_address, is_checked=not no_check)
    else:
        _train_once(settings, requests, is_checked=not no_check)


def _layers_from(path: Path | None, model: str | None) -> list[Layer]:
    if path is None:
        return []
    with starting("Starting"):
        from nested_lightning.containers.starting.continuing import layer_from

        return [layer_from(path, model=model)]


def _train_once(
    settings: ApplicationSettings, requests: Sequence[OverrideRequest], *, is_checked: bool
) -> None:
    with starting("Starting"):
        from nested_lightning.containers.starting.bootstrapping import bootstrap, provider_of
        from nested_lightning.containers.starting.resuming import resume_training

        quiet_lightning()
        overrides = load_overrides(requests)
        if settings.run_dir is not None and _is_requeued(settings.run_dir):
            run = resume_training(settings.run_dir, overrides=overrides)
        else:
            application = bootstrap(settings, overrides=overrides)
            if is_checked:
                refuse_faults(application)
            run = provider_of(application, "training_run")()
            if settings.trainer.precision == "auto":
                print_note(f"trainer.precision=auto: {application.trainer.precision()}")
    run_training(run)


def _train_in_workers(settings: ApplicationSettings, address: str | None, *, is_checked: bool) -> None:
    from nested_lightning.containers.starting.bootstrapping import bootstrap
    from nested_lightning.containers.starting.ray_training import refuse_own_family, train_in_workers

    refuse_own_family(settings)
    quiet_lightning()
    if is_checked:
        refuse_faults(bootstrap(settings))
    print_result(train_in_workers(settings, address=address))


def _is_requeued(run_dir: Path) -> bool:
    """Return whether SLURM or torchrun has restarted the same command after the training had begun."""
    return is_restarted() and (run_dir / "settings.yaml").exists()

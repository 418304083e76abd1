"""The settings files in a sweep's folder: what it asks, and what it found."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.sweeping.results import Objective, TrialRecord
from nested_lightning.settings.application import (
    ApplicationSettings,
    change_settings,
    data_paths,
    parse_settings,
)
from nested_lightning.settings.reading.yaml_file import PROVENANCE
from nested_lightning.settings.sweep import SWEEP, SweepSettings


def write_sweep_file(folder: Path, settings: ApplicationSettings, sweep: SweepSettings) -> None:
    """Write ``sweep.yaml``, by which the sweep is continued or repeated."""
    section = sweep.model_dump(mode="json", exclude_defaults=True)
    section["objectives"] = [str(one) for one in sweep.objectives]
    _write(folder / "sweep.yaml", {**settings.to_recorded(), SWEEP: section})


def has_other_data(folder: Path, settings: ApplicationSettings) -> bool:
    """Return whether ``sweep.yaml`` names other data than the settings do, or isn't there."""
    file = folder / "sweep.yaml"
    if not file.is_file():
        return True
    before = yaml.safe_load(file.read_text("utf-8"))
    return data_paths(before, settings.family) != data_paths(settings.to_recorded(), settings.family)


def tried_settings(
    settings: ApplicationSettings, objectives: Sequence[Objective], values: Mapping[str, Any]
) -> ApplicationSettings:
    """Return what a trial trains with: the settings without a search, and what it tries over them.

    Its checkpoint is chosen by the first objective that validation logs.
    """
    first = next((one for one in objectives if one.is_logged), None)
    watched = {"trainer.monitor": first.name, "trainer.monitor_mode": first.direction} if first else {}
    return parse_settings(change_settings(settings.to_recorded(), {**watched, **values}))


def write_best_file(
    folder: Path,
    settings: ApplicationSettings,
    objectives: Sequence[Objective],
    best: Sequence[TrialRecord],
) -> None:
    """Write ``best.yaml``: the settings of the best trial, each searched one with its provenance."""
    for trial in best[:1]:
        found = tried_settings(settings, objectives, trial.settings).to_recorded()
        found.pop("run_dir", None)
        provenance = dict.fromkeys(trial.settings, f"sweep trial {trial.number}")
        _write(folder / "best.yaml", {**found, PROVENANCE: provenance})


def _write(file: Path, values: Any) -> None:
    write_atomically(file, yaml.safe_dump(values, sort_keys=False, allow_unicode=True).encode())

"""From the split of some settings to the folds by which a sweep chooses."""

from typing import Any

from nested_lightning.app.data.inner_folds import InnerFoldSplitter
from nested_lightning.containers.providing.choices import build_chosen, import_target
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.choices.splits import SPLITS, SplitSettings
from nested_lightning.settings.reading.errors import SettingsError


def refuse_folds(settings: ApplicationSettings) -> None:
    """Refuse folds of a family whose split has none, or of several processes.

    Raises:
        SettingsError: It is so.
    """
    section = getattr(settings, settings.family.section)
    if not isinstance(getattr(getattr(section, "data", None), "split", None), SplitSettings):
        raise SettingsError([f"--folds: {settings.model} has no split to make folds of; leave it out"])
    if settings.trainer.devices not in ("auto", 1, "1"):
        raise SettingsError(["--folds trains in one process: leave trainer.devices out, or set it to 1"])


def inner_fold(settings: ApplicationSettings, fold: int, num_folds: int) -> dict[str, Any]:
    """Return the overrides with which a fold of the rows that don't test validates, and the others train."""
    section = settings.family.section
    split: Any = getattr(settings, section).data.split
    folds = import_target(SPLITS.choices[split.folds].target)
    names = [name for name in split.kept_in_folds if name != "val_fraction"]
    kept = {name: getattr(split, name) for name in names if hasattr(split, name)}
    inner = folds(num_folds=num_folds, fold=fold, val_fraction=0.0, **kept)
    return {f"{section}.splitter": InnerFoldSplitter(outer=build_chosen(split), inner=inner)}

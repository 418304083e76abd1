"""From the split of some settings to the folds by which a sweep chooses."""

from typing import Any

from nested_lightning.app.data.splits import InnerFoldSplitter
from nested_lightning.containers.providing.choices import build_chosen, import_target
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.choices.splits import SPLITS


def inner_fold(settings: ApplicationSettings, fold: int, num_folds: int) -> dict[str, Any]:
    """Return the overrides with which a fold of the rows that don't test validates, and the others train."""
    section = settings.family.section
    split: Any = getattr(settings, section).data.split
    folds = import_target(SPLITS.choices[split.folds].target)
    names = [name for name in split.kept_in_folds if name != "val_fraction"]
    kept = {name: getattr(split, name) for name in names if hasattr(split, name)}
    inner = folds(num_folds=num_folds, fold=fold, val_fraction=0.0, **kept)
    return {f"{section}.splitter": InnerFoldSplitter(outer=build_chosen(split), inner=inner)}

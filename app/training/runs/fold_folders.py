"""Where the folds of a cross-validation lie."""

from itertools import count, takewhile
from pathlib import Path


def fold_folder(parent: Path, fold: int) -> Path:
    """Return the run folder of a fold, which is counted from 0."""
    return parent / f"fold-{fold}"


def folds_in(parent: Path) -> list[Path]:
    """Return the run folders of a cross-validation, those that were begun; of any other folder, none."""
    folders = (fold_folder(parent, fold) for fold in count())
    return list(takewhile(lambda folder: (folder / "settings.yaml").is_file(), folders))

"""What is in a checkpoint, without building its model."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from nested_lightning.app.checkpoints.left_out import left_out_of
from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import read_recipe
from nested_lightning.app.foreign_files import foreign_file


@dataclass(frozen=True, kw_only=True)
class CheckpointDescription:
    """What is in a checkpoint.

    Attributes:
        family: Name of the family.
        format_version: Version of the recipe's layout, after any migration.
        epoch: The epoch that it was saved in, from 1; None: not known.
        num_steps: Optimiser steps of the training; None: not known.
        metrics: Values of the monitored metric: at the last validation, and the best one.
        submodules: Numbers in the tensors of each submodule, buffers included, by dotted path; a tensor with
            several names counts once in each.
        num_weights: The same of the whole model.
        data_spec: Plain data of the data spec.
        settings: Nested settings.
        overrides: What was put into the places of providers, by path.
        versions: Versions of the packages that wrote it.
        packages: Packages of the plug-ins that it needs, by the dotted path of what comes from them.
        left_out: Number of the tensors that it leaves out, by the file that has them.
    """

    family: str
    format_version: int
    epoch: int | None
    num_steps: int | None
    metrics: dict[str, float]
    submodules: dict[str, int]
    num_weights: int
    data_spec: dict[str, Any]
    settings: dict[str, Any]
    overrides: dict[str, str]
    versions: dict[str, str]
    packages: dict[str, str]
    left_out: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def describe_checkpoint(path: Path, *, depth: int = 2) -> CheckpointDescription:
    """Read a checkpoint or an exported file and describe it.

    Submodules are listed down to paths of ``depth`` names below the composite.

    Raises:
        UserError: It can't be read, or has no recipe.
    """
    checkpoint = read_model_file(path, is_part_enough=True, is_completed=False)
    recipe = read_recipe(checkpoint, source=path)
    with foreign_file(path):
        state = checkpoint["state_dict"]
        return CheckpointDescription(
            family=recipe.family,
            format_version=recipe.format_version,
            epoch=_epoch(checkpoint),
            num_steps=_count_of(checkpoint, "global_step"),
            metrics=_monitored(checkpoint),
            submodules=_count(state, recipe.family.replace("-", "_"), depth),
            num_weights=_count_once(state.values()),
            data_spec=recipe.data_spec,
            settings=recipe.settings,
            overrides={each.path: each.text for each in recipe.overrides},
            versions=recipe.versions,
            packages=recipe.packages,
            left_out=_count_left_out(checkpoint),
        )


def _count_left_out(checkpoint: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of tensors in each file; several submodules may have theirs in one."""
    counts: Counter[str] = Counter()
    for part in left_out_of(checkpoint):
        counts[part.file] += len(part.names)
    return dict(counts)


def _count_of(checkpoint: Mapping[str, Any], key: str) -> int | None:
    return int(checkpoint[key]) if key in checkpoint else None


def _epoch(checkpoint: Mapping[str, Any]) -> int | None:
    """Return the epoch from 1; Lightning counts it up only where the training ends."""
    epoch = _count_of(checkpoint, "epoch")
    progress = checkpoint.get("loops", {}).get("fit_loop", {}).get("epoch_progress")
    return epoch if progress is None else int(progress["current"]["ready"])


def _count(state: Mapping[str, Any], family: str, depth: int) -> dict[str, int]:
    tensors: dict[str, list[Tensor]] = {}
    for name, tensor in state.items():
        modules = name.split(".")[:-1]
        for length in range(1, min(depth, len(modules)) + 1):
            tensors.setdefault(".".join([family, *modules[:length]]), []).append(tensor)
    return {path: _count_once(own) for path, own in tensors.items()}


def _count_once(tensors: Iterable[Tensor]) -> int:
    """Return the numbers in tensors, of which some may be the same one."""
    distinct = {
        (each.untyped_storage().data_ptr(), each.storage_offset(), each.shape): each for each in tensors
    }
    return sum(each.numel() for each in distinct.values())


def _monitored(checkpoint: Mapping[str, Any]) -> dict[str, float]:
    metrics = {}
    for name, state in checkpoint.get("callbacks", {}).items():
        if name.startswith("BestCheckpoint") and state.get("monitor"):
            for key, label in (("current_score", ""), ("best_model_score", "best ")):
                if state.get(key) is not None:
                    metrics[f"{label}{state['monitor']}"] = float(state[key])
    return metrics

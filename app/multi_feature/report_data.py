"""What the report of a `MultiFeatureClassifier` says of its data, part by part.

Shapes: N rows, F features of all groups.
"""

from collections.abc import Sequence
from typing import get_args

import torch
from torch import Tensor

from nested_lightning.app.data.splits import PartName
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.targets.specs import ClassTarget
from nested_lightning.app.report.contents import Block, Table, Text


def data_sheet(datamodule: MultiFeatureDataModule) -> Sequence[Block]:
    """Return rows and classes of each part, missing values and groups, and rows that two parts share."""
    parts = {name: datamodule.part(name) for name in get_args(PartName)}
    spec = datamodule.data_spec
    classes = [
        _classes(target, {part: spec.truths(rows.target)[name] for part, rows in parts.items()})
        for name, target in spec.targets.items()
        if isinstance(target, ClassTarget)
    ]
    return [
        Table(
            title="Rows",
            columns=["", *parts],
            rows=[
                ["rows", *map(len, parts.values())],
                ["also in train", *(_num_shared(parts["train"], part) for part in parts.values())],
            ],
            note="Also in train: rows whose encoded features, all of them, are those of a training row;"
            " for train itself, of another one.",
        ),
        *classes,
        *_missing_groups(parts),
        _missing_values(datamodule.missing_values()),
    ]


def _classes(target: ClassTarget, truths: dict[PartName, Tensor]) -> Table:
    counts = [one.bincount(minlength=len(target.names)).tolist() for one in truths.values()]
    return Table(
        title=f"Classes of {target.column} by part",
        columns=["class", *truths],
        rows=list(zip(target.names, *counts, strict=True)),
    )


def _missing_groups(parts: dict[PartName, FeatureBatch]) -> Sequence[Block]:
    groups = list(next(iter(parts.values())).features)
    counts = [
        [0] * len(groups) if part.presence is None else (~part.presence).sum(dim=0).tolist()
        for part in parts.values()
    ]
    rows = [row for row in zip(groups, *counts, strict=True) if any(row[1:])]
    if not rows:
        return []
    return [Table(title="Rows that lack a group altogether", columns=["group", *parts], rows=rows)]


def _missing_values(counts: dict[str, int]) -> Block:
    rows = sorted(((name, count) for name, count in counts.items() if count), key=lambda row: -row[1])
    if not rows:
        return Text(text=f"No value is missing in the {len(counts):,} columns that are read.")
    return Table(title="Missing values in the whole file", columns=["column", "missing"], rows=rows)


def _num_shared(train: FeatureBatch, part: FeatureBatch) -> int:
    """Return how many rows of a part are in the training part too."""
    if len(train) == 0 or len(part) == 0:
        return 0
    if part is train:
        _, counts = _keys(train).unique(return_counts=True)
        return int(counts[counts > 1].sum())
    return int(torch.isin(_keys(part), _keys(train)).sum())


def _keys(rows: FeatureBatch) -> Tensor:
    """Return a number for each row, [N], the same for equal rows and hardly ever for others.

    It is the sum of the features' bits, each multiplied by an odd number of its own.
    """
    keys = torch.zeros(len(rows), dtype=torch.int64)
    generator = torch.Generator().manual_seed(0)
    for tensor in rows.features.values():
        if tensor is not None:
            bits = tensor.flatten(1).cpu().float().view(torch.int32).long()
            odd = torch.randint(-(2**62), 2**62, (bits.shape[1],), generator=generator) * 2 + 1
            keys += (bits * odd).sum(dim=1)
    return keys

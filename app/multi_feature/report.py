"""What the report of a `MultiFeatureClassifier` has besides: mistakes, residuals, importance, and its data.

Shapes: N rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

import torch
from torch import Tensor

from nested_lightning.app.data.splits import PartName
from nested_lightning.app.data.tensor_batch import map_tensors
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.objectives.predictions import ClassPredictions
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
from nested_lightning.app.multi_feature.report_mistakes import Answered, answered_columns
from nested_lightning.app.multi_feature.targets.specs import ClassTarget
from nested_lightning.app.report.classes import score_again
from nested_lightning.app.report.contents import Block, SectionMaker, Table, Text
from nested_lightning.app.report.family_sections import SampleErrors
from nested_lightning.app.report.importance import MAX_ROWS, input_importance, submodule_importance
from nested_lightning.app.report.scores import Resampling

_MOST_MISTAKES = 20


@dataclass(kw_only=True, eq=False)
class MultiFeatureSections:
    """Sections on tables with groups of columns; see `FamilySections`."""

    model: MultiFeatureClassifier
    predictor: MultiFeaturePredictor
    datamodule: MultiFeatureDataModule

    def sections(self, part: PartName) -> Mapping[str, SectionMaker]:
        """Return what makes the sections."""
        return {
            "Answers": partial(self._answers, part),
            "Worst mistakes": partial(self._mistakes, part),
            "Importance": partial(self._importance, part),
            "Data by part": partial(data_sheet, self.datamodule),
        }

    def resampling(self, part: PartName) -> Resampling:
        """Return what scores some rows as ``evaluate`` does all."""
        rows, predictor = self.datamodule.part(part), self.predictor
        answers, objective = predictor.answers(rows), predictor.model.objective
        said = predictor.predict(rows)
        is_classes = isinstance(said, ClassPredictions)

        def score(indices: Any) -> Mapping[str, float]:
            chosen = torch.from_numpy(indices)
            some, truth = _take(answers, chosen), _take(rows.target, chosen)
            more = score_again(some, truth, torch.as_tensor(said.indices)[chosen]) if is_classes else {}
            return more | {name: float(one) for name, one in objective.scores(some, truth).items()}

        return Resampling(num_samples=len(rows), score=score)

    def sample_errors(self, part: PartName) -> SampleErrors | None:
        """Return whether each row's class is wrong, or how far its number is from the true one."""
        columns = self._answered(part)
        if len(columns) != 1:
            return None
        (one,) = columns
        numbers = self.datamodule.rows(part).tolist()
        return SampleErrors(
            samples=list(zip(numbers, one.true, strict=True)), errors=one.errors, of=one.error_name
        )

    def _answered(self, part: PartName) -> list[Answered]:
        rows = self.datamodule.part(part)
        return answered_columns(self.predictor, rows)

    def _where(self, part: PartName, num_rows: int | None = None) -> str:
        num = len(self.datamodule.part(part))
        shown = f"{num:,} rows" if num_rows in (None, num) else f"{num_rows:,} of {num:,} rows"
        return f"{part} part, {shown}"

    def _answers(self, part: PartName) -> Sequence[Block]:
        where = self._where(part)
        return [block for one in self._answered(part) for block in one.blocks(where)]

    def _mistakes(self, part: PartName) -> Sequence[Block]:
        numbers = self.datamodule.rows(part).tolist()
        return [one.worst(numbers, self._where(part), most=_MOST_MISTAKES) for one in self._answered(part)]

    @torch.inference_mode()
    def _importance(self, part: PartName) -> Sequence[Block]:
        rows = self.datamodule.part(part)
        some = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))[:MAX_ROWS].sort().values
        rows = rows[some]
        where, model = self._where(part, len(rows)), self.model
        groups = {name: partial(self._score_shuffled, rows, name) for name in model.group_names}
        extractors = zip(model.group_names, model.feature_extractors.values(), strict=True)
        named = {f"feature_extractors.{name}": module for name, module in extractors}
        return [
            *input_importance(groups, self._score(rows), num_rows=len(rows), of="group", where=where),
            *submodule_importance(
                {"combiner": model.combiner, **named}, partial(self._score, rows), where=where
            ),
        ]

    def _score_shuffled(self, rows: FeatureBatch, group: str, order: Tensor) -> dict[str, float]:
        return self._score(_shuffled(rows, group, order))

    def _score(self, rows: FeatureBatch) -> dict[str, float]:
        """Return the loss, and the objective's scores, of rows in one or several batches."""
        model, size = self.model, self.predictor.batch_size
        outputs, losses = [], []
        for start in range(0, len(rows), size):
            batch = rows[start : start + size].to(model.device)
            outputs.append(model(batch.features, batch.presence))
            losses.append(model.objective(outputs[-1], batch.target))
        answers = map_tensors(model.objective.decode(torch.cat(outputs)), Tensor.cpu)
        scores = model.objective.scores(answers, rows.target)
        return {"loss": float(torch.cat(losses).mean())} | {name: float(one) for name, one in scores.items()}


def _take(values: Any, indices: Tensor) -> Any:
    return map_tensors(values, lambda tensor: tensor[indices])


def _shuffled(rows: FeatureBatch, group: str, order: Tensor) -> FeatureBatch:
    """Return rows of which each has a group, and whether it is there, of another one."""
    features, presence = dict(rows.features), rows.presence
    if (tensor := features[group]) is not None:
        features[group] = tensor[order]
    if presence is not None:
        column = list(features).index(group)
        presence = presence.clone()
        presence[:, column] = presence[order, column]
    return replace(rows, features=features, presence=presence)


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

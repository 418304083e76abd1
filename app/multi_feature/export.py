"""What of a `MultiFeatureClassifier` is exported: one graph, from the numbers of a file to its answers.

Shapes: B rows, C columns of a group, G groups.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from nested_lightning.app.exporting.exportable import Exportable, Exports, Graphs, Inputs, some_rows
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoded_columns import EncodedColumns
from nested_lightning.app.multi_feature.encoding import encode_groups
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.own_columns import DateColumn
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec

_EXTREMES = (1e6, -1e6, 0.0)
"""How many spreads numbers may lie from the median."""


def exports_of(
    *, model: MultiFeatureClassifier, data_spec: MultiFeatureDataSpec, batches: Sequence[FeatureBatch]
) -> Exports:
    """Return the one graph: an input for each group, and the presence mask where groups may be missing.

    The model is in evaluation mode, on the CPU; the graph is verified with the batches.
    """
    rows = _Rows(data_spec)
    names = [group.name for group in data_spec.groups]
    graph = Exportable(
        name="model",
        module=model,
        inputs=[*names, *(["presence"] if data_spec.allow_missing_groups else [])],
        outputs=data_spec.target_columns,
        cases=some_rows(rows.inputs_of(batches[0])) | rows.corners(),
        root="multi_feature",
        call=_encoding_in(data_spec),
        answer=lambda *inputs: model.predict_step(rows.encoded(inputs), 0),
    )
    decoding = getattr(model.objective, "decoding", None)  # an own objective's needn't have any
    return Exports(graphs=[graph], predictor={} if decoding is None else {"decoding": decoding})


def _encoding_in(data_spec: MultiFeatureDataSpec) -> Callable[..., Any]:
    """Return what gives a model columns, and returns what ``predict_step`` does."""
    groups = {
        group.name: EncodedColumns(group) if isinstance(group, GroupSpec) else nn.Identity()
        for group in data_spec.groups
    }

    def call(model: MultiFeatureClassifier, *inputs: Tensor) -> Any:
        given = zip(groups.items(), inputs, strict=False)
        features: dict[str, Tensor | None] = {name: encode(one) for (name, encode), one in given}
        presence = inputs[-1] if len(inputs) > len(features) else None
        return model.predict_step(FeatureBatch(features=features, presence=presence), 0)

    return call


class _Rows:
    """Rows as a graph takes them, and as the model does."""

    def __init__(self, data_spec: MultiFeatureDataSpec) -> None:
        self._spec = data_spec

    def inputs_of(self, batch: FeatureBatch) -> Inputs:
        """Return encoded rows as the file has them, but for rounding."""
        inputs = []
        for group in self._spec.groups:
            features = batch.features[group.name]
            if features is None:
                features = torch.zeros(len(batch), *group.layout.shape).to(getattr(torch, group.layout.dtype))
            inputs.append(_columns_of(features, group) if isinstance(group, GroupSpec) else features)
        return self._with_presence(inputs, batch.presence)

    def corners(self) -> dict[str, Inputs]:
        """Return rows at the limits: everything missing, one group missing in each row, and extremes."""
        groups = self._spec.groups
        each, everything = ~torch.eye(len(groups)).bool(), torch.ones(1, len(groups)).bool()
        presence = torch.cat([each, ~everything, everything])  # a model refuses to have no group in any row
        nothing, usual = (
            [_filled(group, len(presence), far) for group in groups] for far in (torch.nan, 1.0)
        )
        extremes = [torch.cat([_filled(group, 1, far) for far in _EXTREMES]) for group in groups]
        cases = {
            "missing values": self._with_presence(nothing, None),
            "extremes": self._with_presence(extremes, None),
        }
        if self._spec.allow_missing_groups:
            for one, none, is_there in zip(usual, nothing, presence.unbind(1), strict=True):
                one[~is_there] = none[~is_there]
            cases["missing groups"] = self._with_presence(usual, presence)
        return cases

    def encoded(self, inputs: Inputs) -> FeatureBatch:
        """Return the batch that `encode_groups` makes of a graph's inputs."""
        given = dict(zip([group.name for group in self._spec.groups], inputs, strict=False))
        presence = inputs[-1] if self._spec.allow_missing_groups else None
        features: dict[str, Tensor | None] = {}
        for i, group in enumerate(self._spec.groups):
            features[group.name] = given[group.name]
            if isinstance(group, GroupSpec):
                values = map(_table_column, given[group.name].numpy().T, group.columns)
                columns = dict(zip(group.column_names, values, strict=True))
                there = np.ones((len(inputs[0]), 1), dtype=bool)
                encoded = encode_groups(columns, [group], there)[group.name]
                assert encoded is not None
                features[group.name] = torch.from_numpy(encoded)
            if presence is not None and not presence[:, i].any():
                features[group.name] = None
        return FeatureBatch(features=features, presence=presence)

    def _with_presence(self, inputs: Sequence[Tensor], presence: Tensor | None) -> Inputs:
        if not self._spec.allow_missing_groups:
            return tuple(inputs)
        return (
            *inputs,
            torch.ones(len(inputs[0]), len(inputs), dtype=torch.bool) if presence is None else presence,
        )


def _columns_of(features: Tensor, group: GroupSpec) -> Tensor:
    """Return the columns, float64 of [B, C], that features of [B, F] were made of."""
    parts = features.double().split([column.width for column in group.columns], dim=1)
    return torch.stack(list(map(_column_of, parts, group.columns)), dim=1)


def _column_of(features: Tensor, column: ColumnSpec) -> Tensor:
    if column.categories is not None:
        return torch.where(features.any(dim=1), features.argmax(dim=1), -1).double()
    x = features[:, 0].clamp(-0.999 * column.limit, 0.999 * column.limit)
    return x / torch.sqrt(1 - (x / column.limit) ** 2) * column.scale + column.mean


def _table_column(values: Any, column: ColumnSpec) -> Any:
    """Return a column, float64 of [B], as it is read from a table."""
    if column.is_date:
        return DateColumn(column.name, pa.array(values, from_pandas=True))
    if column.categories is None:
        return values
    names = [column.categories[int(place)] if place >= 0 else None for place in values]
    return pa.array(names, pa.string())


def _filled(group: Any, num_rows: int, far: float) -> Tensor:
    """Return rows of a group: as far from the usual as ``far`` says, in spreads.

    NaN: they are missing.
    """
    if isinstance(group, GroupSpec):
        row = [_filled_column(column, far) for column in group.columns]
        return torch.tensor([row] * num_rows, dtype=torch.float64)
    shape, dtype = group.layout
    largest = {"uint8": 255, "int32": group.width - 1, "float32": 100.0}[dtype]
    value = largest if far > 0 else 0
    return torch.full((num_rows, *shape), value, dtype=getattr(torch, dtype))


def _filled_column(column: ColumnSpec, far: float) -> float:
    if column.categories is None:
        return column.mean + far * column.scale
    return len(column.categories) - 1 if far > 0 else -1


def answer_by_graphs(model: Any, *, data_spec: MultiFeatureDataSpec, graphs: Graphs) -> None:
    """Let a copy of a model answer by its graphs, as `evaluate` asks it; the copy is changed."""
    rows = _Rows(data_spec)

    def predict_step(batch: FeatureBatch, batch_idx: int) -> Any:
        del batch_idx
        found = graphs["model"](*rows.inputs_of(batch))
        is_several = data_spec.target.kind == "several"
        return dict(zip(data_spec.target_columns, found, strict=True)) if is_several else found[0]

    model.predict_step = predict_step

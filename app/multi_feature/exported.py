"""Answers for rows of tables by an exported model, without torch.

Shapes: N rows, C columns of a group, G groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.predicting import ExportedPredictor
from nested_lightning.app.exported.runtime import Array, ExportedModel
from nested_lightning.app.multi_feature.answers import answer_files
from nested_lightning.app.multi_feature.desk import MultiFeatureDesk
from nested_lightning.app.multi_feature.encoding import ReadRows, category_codes, groups_there
from nested_lightning.app.multi_feature.group_specs import GroupSpec
from nested_lightning.app.multi_feature.objectives.predictions import predictions_of
from nested_lightning.app.multi_feature.own_columns import AnyColumn, DateColumn
from nested_lightning.app.multi_feature.own_group_specs import AnyGroupSpec
from nested_lightning.app.multi_feature.row_predictor import RowPredictor, refuse_nothing
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.tables.sample_columns import Flags, side_by_side


@dataclass(frozen=True)
class RawRows:
    """Rows as a graph takes them, whose first part prepares them.

    Attributes:
        groups: For each group, in order, what stands in the file, float64 of [N, C], see
            `app.exported.manifest`; of another sort than columns, what its layout says.
        presence: Whether a row has a group, bool of [N, G].
    """

    groups: tuple[Array, ...]
    presence: Flags

    def __len__(self) -> int:
        return len(self.presence)

    def __getitem__(self, rows: slice) -> RawRows:
        """Return some rows."""
        return RawRows(tuple(each[rows] for each in self.groups), self.presence[rows])


class ExportedMultiFeature(ExportedPredictor, RowPredictor):
    """Answers rows by an exported model.

    Raises:
        UserError: The data spec is damaged, or what decodes answers isn't known without torch.
    """

    spec_type, desk_type = MultiFeatureDataSpec, MultiFeatureDesk
    answer = answer_files
    prepared_type = RawRows

    def __init__(
        self, *, model: ExportedModel, batch_size: int = 256, picture_folder: str | None = None
    ) -> None:
        super().__init__(model=model, batch_size=batch_size)
        self.picture_folder = picture_folder
        self._decoding = model.manifest.predictor.get("decoding")
        if self._decoding is None:
            raise UserError(
                f"{model.path}: its objective is one of your own, whose answers only a checkpoint can tell"
            )

    def _prepare(self, rows: ReadRows) -> RawRows:
        """Return rows as the graph takes them."""
        groups = groups_there(rows.columns, self.data_spec.groups, rows.presence)
        num_rows = len(rows.presence)
        return RawRows(
            tuple(
                raw_group(rows.columns, group, num_rows) if is_there else _nothing(group, num_rows)
                for group, is_there in groups
            ),
            rows.presence,
        )

    def _say(self, rows: RawRows) -> Any:
        """Return what the model says of rows, see `RowPredictor`."""
        refuse_nothing(len(rows))
        starts = range(0, len(rows), self.batch_size)
        parts = [self._run(rows[start : start + self.batch_size]) for start in starts]
        found = [np.concatenate(each) for each in zip(*parts, strict=True)]
        answers: Any = found[0]
        if self.data_spec.target.kind == "several":
            answers = dict(zip(self.data_spec.target_columns, found, strict=True))
        return predictions_of(self.data_spec.target, answers, cast(Mapping[str, Any], self._decoding))

    def _run(self, rows: RawRows) -> list[Array]:
        graph = self.model.graphs["model"]
        has_presence = len(graph.graph.inputs) > len(rows.groups)
        return graph(*rows.groups, *([rows.presence] if has_presence else []))


def raw_group(columns: Mapping[str, AnyColumn], group: AnyGroupSpec, num_rows: int) -> Array:
    """Return what a graph takes of a group, [N, …]."""
    if not isinstance(group, GroupSpec):
        own: Any = columns[group.column]
        return cast(Array, own.encode(group))
    raw = np.full((num_rows, len(group.columns)), np.nan)
    place = {name: i for i, name in enumerate(group.column_names)}
    for names, values in side_by_side(columns, group.column_names):
        if isinstance(values, np.ndarray):
            raw[:, [place[name] for name in names]] = values if values.ndim == 2 else values[:, np.newaxis]
        elif isinstance(values, DateColumn):
            raw[:, place[names[0]]] = values.values.to_numpy(zero_copy_only=False)
        else:
            raw[:, place[names[0]]] = category_codes(values, group.places[names[0]][0])
    return raw


def _nothing(group: AnyGroupSpec, num_rows: int) -> Array:
    if isinstance(group, GroupSpec):
        return np.full((num_rows, len(group.columns)), np.nan)
    return np.zeros((num_rows, *group.layout.shape), dtype=group.layout.dtype)

"""Predictions of a `MultiFeatureClassifier`: from a table without labels to what is said of its rows."""

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import InstanceOf
from torch import Tensor

from nested_lightning.app.answers import Predictor
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.tensor_batch import find_tensors, map_tensors
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import ReadRows, encode_groups
from nested_lightning.app.multi_feature.group_specs import Layout
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.row_predictor import RowPredictor, refuse_nothing
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.tensors import require_finite


def to_batch(rows: ReadRows, data_spec: MultiFeatureDataSpec) -> FeatureBatch:
    """Turn rows that were read into one batch, as a trained model needs it."""
    features = encode_groups(rows.columns, data_spec.groups, rows.presence)
    return FeatureBatch(
        features={
            name: None if values is None else torch.from_numpy(values) for name, values in features.items()
        },
        presence=None if rows.presence.all() else torch.from_numpy(rows.presence),
    )


class MultiFeaturePredictor(Predictor[MultiFeatureClassifier, MultiFeatureDataSpec], RowPredictor):
    """Answers for rows of tables with the preparation that the model was trained with.

    They are what the model's objective gives: `ClassPredictions`, `NumberPredictions`, `LabelPredictions` or
    `SeveralPredictions`, see `app.multi_feature.objectives.predictions`.

    Args:
        picture_folder: Where the pictures lie that tables name, see `PictureFinder`.
        **options: See `Predictor`.
    """

    prepared_type = FeatureBatch

    def __init__(self, *, picture_folder: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.picture_folder = picture_folder

    def _prepare(self, rows: ReadRows) -> FeatureBatch:
        return to_batch(rows, self.data_spec)

    def _say(self, rows: FeatureBatch) -> Any:
        return self.model.objective.predictions(self.answers(rows))

    @checked_arguments
    @torch.inference_mode()
    def answers(self, rows: InstanceOf[FeatureBatch]) -> Any:
        """Return what the objective decodes of all ``rows``, on the CPU; see `predict`.

        Raises:
            UserError: There is no row, the groups aren't the model's, or the answers aren't finite.
        """
        refuse_nothing(len(rows))
        _refuse_other_groups(rows, self.data_spec.layouts)
        parts = []
        for number, start in enumerate(range(0, len(rows), self.batch_size)):
            batch = rows[start : start + self.batch_size].to(self.model.device)
            parts.append(map_tensors(self.model.predict_step(batch, number), Tensor.cpu))
        for answers in find_tensors({str(i): part for i, part in enumerate(parts)}):
            require_finite(answers)
        if isinstance(parts[0], Tensor):
            return torch.cat(parts)
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _refuse_other_groups(rows: FeatureBatch, wanted: Mapping[str, Layout]) -> None:
    shapes = {name: None if x is None else tuple(x.shape[1:]) for name, x in rows.features.items()}
    known = {name: layout.shape for name, layout in wanted.items()}
    fitting = [given in (None, known.get(name)) for name, given in shapes.items()]
    if shapes.keys() != known.keys() or not all(fitting):
        raise UserError(f"the model takes groups of these shapes: {known}; given were {shapes}")

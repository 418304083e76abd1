"""Predictions of a `VariantModel`: from raw sequences of one variant to classes of steps or sequences.

Shapes: L steps of a sequence, C classes.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch
from pydantic import InstanceOf
from torch import Tensor

from nested_lightning.app.answers import Predictor
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.tensors import require_finite
from nested_lightning.app.variant.encoding import Array
from nested_lightning.app.variant.labelling import SequenceLabeller, SequencePrediction
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.sequences import Sequences
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec


class VariantPredictor(Predictor[VariantModel, VariantDataSpec], SequenceLabeller):
    """Labels sequences with the preparation that the model was trained with.

    Long sequences are cut into overlapping windows as in training, and each step is labelled where it has
    context on both sides.
    """

    def _label_steps(self, spec: VariantSpec, steps: Sequence[Array]) -> list[SequencePrediction]:
        sequences = Sequences.cut(
            variant=spec.name,
            steps=steps,
            labels=None,
            has_step_labels=spec.has_step_labels,
            window=spec.window,
            margin=spec.margin,
        )
        return self.predict_encoded(sequences)

    @checked_arguments
    def predict_encoded(self, sequences: InstanceOf[Sequences]) -> list[SequencePrediction]:
        """Label encoded sequences, each as a whole, however many windows it is cut into."""
        names = self.data_spec.find(sequences.variant).class_names
        windows = zip(sequences.places, self.probabilities(sequences), strict=True)
        return [
            SequencePrediction(class_names=names, probabilities=torch.cat([rows for _, rows in own]))
            for _, own in groupby(windows, key=lambda window: window[0].sequence)
        ]

    @torch.inference_mode()
    def probabilities(self, sequences: Sequences) -> Iterator[Tensor]:
        """Yield the probabilities of each window's scored steps, or of each sequence, in order."""
        has_step_labels = self.data_spec.find(sequences.variant).has_step_labels
        for indices in torch.arange(len(sequences)).split(self.batch_size):
            batch = sequences.gather(indices).to(self.model.device)
            logits = self.model.label(batch, has_step_labels=has_step_labels)
            found = require_finite(logits.float().softmax(dim=-1)).cpu()
            for index, row in zip(indices.tolist(), found, strict=True):
                yield row[sequences.scored_slice(index)] if has_step_labels else row.unsqueeze(0)

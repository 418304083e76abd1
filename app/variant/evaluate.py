"""Evaluation of a `VariantModel`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from nested_lightning.app.answers import Evaluator
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.errors import UserError
from nested_lightning.app.evaluation_report import Confusion, EvaluationReport, Scores, score_classes
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.labelling import SequencePrediction, stretches
from nested_lightning.app.variant.predict import VariantPredictor
from nested_lightning.app.variant.sequences import Sequences
from nested_lightning.app.variant.spec import VariantSpec


class VariantEvaluator(Evaluator[VariantPredictor, VariantDataModule]):
    """Compares predictions with the labels of the data, variant by variant."""

    sample_columns: ClassVar = ("variant", "file", "row")

    @checked_arguments
    def predictions(self, part: PartName = "test") -> list[dict[str, Any]]:
        """Return where each sequence stands, what its labels are, and what is predicted.

        There is a record for each sequence, or for each step that has a label; of a text, for each stretch of
        characters with the same label and the same prediction.
        """
        parts = self.datamodule.evaluated_part(part).values()
        return [record for sequences in parts for record in self._records(sequences)]

    @checked_arguments
    def __call__(self, part: PartName = "test") -> EvaluationReport:
        """Score one part of the data: each variant, each of its classes, and the mean over the variants."""
        by_variant: dict[str, Scores] = {}
        by_class: dict[str, dict[str, Scores]] = {}
        confusions: dict[str, Confusion] = {}
        for name, sequences in self.datamodule.evaluated_part(part).items():
            by_variant[name], by_class[f"class of {name}"], confusions[name] = self._score(sequences)
        if not by_variant:
            raise UserError(f"there is nothing to score in the {part} part; see variant.variants")
        return EvaluationReport(
            num_samples=int(sum(scores["samples"] for scores in by_variant.values())),
            scores=_means(by_variant),
            breakdown=by_variant,
            breakdown_by="variant",
            further_breakdowns=by_class,
            confusions=confusions,
        )

    def _records(self, sequences: Sequences) -> Iterator[dict[str, Any]]:
        spec = self.predictor.data_spec.find(sequences.variant)
        predictions = self.predictor.predict_encoded(sequences)
        targets = sequences.scored_labels().split([len(one.probabilities) for one in predictions])
        for origin, prediction, target_L in zip(sequences.origins, predictions, targets, strict=True):
            labels = [spec.class_names[index] for index in target_L.tolist()]
            for one in _compare(labels, prediction, spec):
                yield {"variant": spec.name, "file": origin.file, "row": origin.row, **one}

    def _score(self, sequences: Sequences) -> tuple[Scores, dict[str, Scores], Confusion]:
        probabilities_NC = torch.cat(list(self.predictor.probabilities(sequences)))
        target_N = sequences.scored_labels().long()
        names = self.predictor.data_spec.find(sequences.variant).class_names
        of_target = probabilities_NC.gather(1, target_N.unsqueeze(1)).clamp_min(1e-12)
        found = score_classes(target_N.numpy(), probabilities_NC.numpy(), names)
        more = {"log_loss": float(-of_target.log().mean()), "samples": float(len(target_N))}
        return found.scores | more, found.breakdown, found.confusion


def _compare(
    labels: Sequence[str], prediction: SequencePrediction, spec: VariantSpec
) -> Iterator[dict[str, Any]]:
    pairs = list(zip(labels, prediction.classes, strict=True))
    if spec.has_step_labels and spec.kind == "characters":
        for start, stop, (label, predicted) in stretches(pairs):
            yield {"start": start, "stop": stop, "label": label, "prediction": predicted}
        return
    columns = [f"probability_{name}" for name in spec.class_names]
    for number, ((label, predicted), row) in enumerate(
        zip(pairs, prediction.probabilities.tolist(), strict=True), 1
    ):
        step = {"step": number} if spec.has_step_labels else {}
        probabilities = {name: round(value, 6) for name, value in zip(columns, row, strict=True)}
        yield {**step, "label": label, "prediction": predicted, **probabilities}


def _means(by_variant: Mapping[str, Scores]) -> Scores:
    """Return the mean of each score over the variants, each counting alike, that all of them have."""
    names = [name for name in next(iter(by_variant.values())) if name != "samples"]
    return {
        name: float(np.mean([scores[name] for scores in by_variant.values()]))
        for name in names
        if all(name in scores for scores in by_variant.values())
    }

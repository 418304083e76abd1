"""Evaluation of a `VariantModel`."""

from collections.abc import Mapping

import numpy as np
import torch

from nested_lightning.app.answers import Evaluator
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.errors import UserError
from nested_lightning.app.evaluation_report import Confusion, EvaluationReport, Scores, score_classes
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.predict import VariantPredictor
from nested_lightning.app.variant.sequences import Sequences


class VariantEvaluator(Evaluator[VariantPredictor, VariantDataModule]):
    """Compares predictions with the labels of the data, variant by variant."""

    @checked_arguments
    def __call__(self, part: PartName = "test") -> EvaluationReport:
        """Score one part of the data: each variant, each of its classes, and the mean over the variants.

        Raises:
            UserError: There is nothing to score.
        """
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

    def _score(self, sequences: Sequences) -> tuple[Scores, dict[str, Scores], Confusion]:
        probabilities_NC = torch.cat(list(self.predictor.probabilities(sequences)))
        target_N = sequences.scored_labels().long()
        names = self.predictor.data_spec.find(sequences.variant).class_names
        of_target = probabilities_NC.gather(1, target_N.unsqueeze(1)).clamp_min(1e-12)
        found = score_classes(target_N.numpy(), probabilities_NC.numpy(), names)
        more = {"log_loss": float(-of_target.log().mean()), "samples": float(len(target_N))}
        return found.scores | more, found.breakdown, found.confusion


def _means(by_variant: Mapping[str, Scores]) -> Scores:
    """Return the mean of each score over the variants, each counting alike, that all of them have."""
    names = [name for name in next(iter(by_variant.values())) if name != "samples"]
    return {
        name: float(np.mean([scores[name] for scores in by_variant.values()]))
        for name in names
        if all(name in scores for scores in by_variant.values())
    }

"""The composite of the family multi-feature.

Shapes: B rows of a batch, G groups, F_g features of a group, O outputs of the head.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import torch
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.composite import OneOptimizerComposite
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.batch import (
    FeatureBatch,
    Features,
    hide_groups,
    mask_missing,
    tensors_by_group,
)
from nested_lightning.app.multi_feature.meanings import meanings_of
from nested_lightning.app.multi_feature.objectives.members import batch_loss, combine_members
from nested_lightning.app.multi_feature.refusals import check_input, check_output, refuse_single_row
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.stacking.callback import ModuleStacking
from nested_lightning.app.multi_feature.stacking.stack import ModuleStack
from nested_lightning.app.multi_feature.whole_part import WholePart
from nested_lightning.app.processes import mean_over_ranks
from nested_lightning.app.training.loss_mean import LossMean
from nested_lightning.app.training.meanings import Meaning


class MultiFeatureClassifier(OneOptimizerComposite):
    """Predicts classes, numbers or labels of rows from several groups of features.

    Each group goes through its feature extractor, their vectors through the combiner, the combined vector
    through the head, whose outputs the objective understands.

    Args:
        feature_extractors: One module for each group, by the group's name, in order. Unnamed groups are
            called ``0``, ``1``, ``2``, so that parameters are named as in an ``nn.ModuleList``.
        combiner: Takes the list of vectors and the presence mask, see `app.submodules.combiners`.
        head: Maps the combined vector to O outputs.
        objective: Their loss, their meaning and their scores.
        target_columns: Columns that are predicted, where there are several.
        normalizations: What maps uint8 pictures to floats, by the names of groups of pictures.
        modality_dropout: Probability that a present group is hidden from a row in training, in [0, 1).
            A row always keeps at least one group.
        min_stacked_extractors: That many or more extractors of equal structure are trained as one, see
            `app.multi_feature.stacking.planning`; at least 2; None: each by itself.
        **options: See `OneOptimizerComposite`.
    """

    made_anew = ("objective", "normalizations")

    def __init__(
        self,
        *,
        feature_extractors: Mapping[str, nn.Module] | Sequence[nn.Module],
        combiner: nn.Module,
        head: nn.Module,
        objective: protocols.Objective,
        target_columns: tuple[str, ...] = (),
        normalizations: Mapping[str, nn.Module] = MappingProxyType({}),
        modality_dropout: float = 0.0,
        min_stacked_extractors: int | None = None,
        **options: Any,
    ) -> None:
        self._stacking = ModuleStacking(
            holder="feature_extractors", min_size=min_stacked_extractors, optimizer=options["optimizer"]
        )
        super().__init__(callbacks=[self._stacking], **options)
        if not isinstance(feature_extractors, Mapping):
            feature_extractors = {str(i): module for i, module in enumerate(feature_extractors)}
        self.group_names = tuple(feature_extractors)
        self.feature_extractors = nn.ModuleDict(
            {escape_name(group): module for group, module in feature_extractors.items()}
        )
        self._normalized = tuple(normalizations)
        self.normalizations = nn.ModuleDict(
            {escape_name(group): module for group, module in normalizations.items()}
        )
        self.combiner = combiner
        self.head = head
        self.objective: Any = objective
        self.modality_dropout = modality_dropout
        self.train_loss = LossMean()
        self.val_loss = LossMean()
        self.test_loss = LossMean()
        self.val_outputs = WholePart(target_columns)
        self.test_outputs = WholePart(target_columns)

    @override
    def meanings(self, data_spec: Mapping[str, Any]) -> Iterator[Meaning]:
        spec = MultiFeatureDataSpec.from_dict(data_spec)
        return meanings_of(spec, extractors=self.feature_extractors, combiner=self.combiner)

    @property
    @override
    def submodule_notes(self) -> Mapping[str, str]:
        """Which extractors are run as one in training."""
        return self._stacking.notes(self)

    @property
    def stacks(self) -> Sequence[ModuleStack]:
        """What runs several extractors as one, during a training."""
        return self._stacking.stacks

    def forward(self, features: Features, presence: Tensor | None = None) -> Tensor:
        """Return the head's outputs for rows, which `objective.decode` takes.

        Args:
            features: G entries of [B, F_g], float, or as the group's layout says, see `group_specs`; None
                where a group is missing in every row.
            presence: [B, G], bool, whether a row has a group; None: each group that isn't None is there.

        Returns:
            Outputs of [B, O]; in training, of a head with M members, [B, M, O].

        Raises:
            UserError: A group is unknown or not given, or has another width than its extractor takes.
        """
        tensors = tensors_by_group(features, self.group_names)
        for group in self._normalized:
            if (pictures := tensors[group]) is not None:
                tensors[group] = self.normalizations[escape_name(group)](pictures)
        present = [tensor for tensor in tensors.values() if tensor is not None]
        if not present:
            raise UserError("every group is missing: at least one of " + ", ".join(tensors) + " is needed")
        if len(present) < len(tensors):
            presence = mask_missing(tensors, presence, like=present[0])
        combined = self._combine(tensors, presence, like=present[0])
        check_output("the combiner", self.combiner, combined)
        outputs: Tensor = self.head(combined)
        check_output("the head", self.head, outputs)
        return outputs if self.training else combine_members(self.objective, outputs)

    def training_step(self, batch: FeatureBatch, batch_idx: int) -> Tensor:
        """Return the loss of one batch; hides groups at random where modality dropout is set."""
        if len(batch) == 1:
            refuse_single_row(self)
        presence = hide_groups(batch, share=self.modality_dropout, device=self.device)
        loss, weight = batch_loss(self.objective, self(batch.features, presence), batch)
        self.train_loss.add(loss, weight)
        return mean_over_ranks(loss, weight)

    def validation_step(self, batch: FeatureBatch, batch_idx: int) -> None:
        """Add one batch to the validation's loss and scores."""
        self._score(batch, self.val_loss, self.val_outputs)

    def test_step(self, batch: FeatureBatch, batch_idx: int) -> None:
        """Add one batch to the test's loss and scores."""
        self._score(batch, self.test_loss, self.test_outputs)

    def predict_step(self, batch: FeatureBatch, batch_idx: int) -> Any:
        """Return what the objective decodes of a batch: of classes, probabilities, float32 of [B, C]."""
        return self.objective.decode(self(batch.features, batch.presence))

    def on_train_epoch_end(self) -> None:
        """Log the epoch's mean training loss."""
        self.log_whole({"train_loss": self.train_loss.finish()})

    def on_validation_epoch_end(self) -> None:
        """Log ``val_loss`` and the objective's scores; in a training its threshold is found before.

        That of the sanity check is found anew before anything is kept.
        """
        outputs, target = self.val_outputs.compute()
        answers = self.objective.decode(outputs)
        if self.trainer.state.fn == TrainerFn.FITTING and hasattr(self.objective, "calibrate"):
            self.objective.calibrate(answers, target)
        self._log_scores("val", self.val_loss, self.objective.scores(answers, target))
        self.val_outputs.reset()

    def on_test_epoch_end(self) -> None:
        """Log ``test_loss`` and the objective's scores, beside those of a constant answer.

        The latter are called ``test_baseline_NAME``.
        """
        outputs, target = self.test_outputs.compute()
        answers = self.objective.decode(outputs)
        scores = self.objective.scores(answers, target)
        baseline = self.objective.baseline_scores(target)
        named = {f"baseline_{name}": value for name, value in baseline.items()}
        self._log_scores("test", self.test_loss, {**scores, **named})
        for note in self.objective.predictions(answers).notes:
            warnings.warn(f"in the test part, {note}", stacklevel=2)
        self.test_outputs.reset()

    def _combine(
        self, tensors: Mapping[str, Tensor | None], presence: Tensor | None, *, like: Tensor
    ) -> Tensor:
        named = dict(zip(self.feature_extractors, tensors.values(), strict=True)) if self.stacks else {}
        stacked: dict[str, Tensor] = {}
        for stack in self.stacks:
            vectors_GBF = stack.vectors(named)
            if vectors_GBF is None:
                stacked |= stack.single_vectors(named)
                continue
            if len(stack.names) == len(named) and getattr(self.combiner, "takes_stacked", False):
                return self.combiner(vectors_GBF, presence)
            stacked |= dict(zip(stack.names, vectors_GBF.unbind(0), strict=True))
        return self.combiner(
            [
                stacked[name] if name in stacked else self._extract(group, extractor, tensor, like=like)
                for (group, tensor), (name, extractor) in zip(
                    tensors.items(), self.feature_extractors.items(), strict=True
                )
            ],
            presence,
        )

    def _extract(self, group: str, extractor: nn.Module, tensor: Tensor | None, *, like: Tensor) -> Tensor:
        if tensor is None:
            width = cast(int, extractor.out_features)
            return torch.zeros(like.shape[0], width, dtype=cast(torch.dtype, self.dtype), device=like.device)
        check_input(group, extractor, tensor)
        vector: Tensor = extractor(tensor)
        check_output(f"the extractor of group '{group}'", extractor, vector)
        return vector

    def _score(self, batch: FeatureBatch, loss: LossMean, whole: WholePart) -> None:
        outputs = self(batch.features, batch.presence)
        loss.add(*batch_loss(self.objective, outputs, batch))
        whole.update(outputs, batch.target)

    def _log_scores(self, part: str, loss: LossMean, scores: Mapping[str, Tensor]) -> None:
        self.log_whole(
            {f"{part}_loss": loss.finish(), **{f"{part}_{name}": value for name, value in scores.items()}}
        )

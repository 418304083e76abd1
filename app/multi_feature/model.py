"""The composite of the family multi-feature.

Shapes: B rows of a batch, G groups, F_g features of a group, O outputs of the head.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import torch
from pytorch_lightning.trainer.states import TrainerFn
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.composite import Composite
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.batch import FeatureBatch, Features, mask_missing, tensors_by_group
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.stacking.callback import ModuleStacking
from nested_lightning.app.multi_feature.stacking.stack import ModuleStack
from nested_lightning.app.multi_feature.whole_part import WholePart
from nested_lightning.app.processes import mean_over_ranks
from nested_lightning.app.training.loss_mean import LossMean
from nested_lightning.app.training.meanings import Meaning
from nested_lightning.app.training.optimization import (
    OptimizerFactory,
    ScheduleFactory,
    configure_single_optimizer,
)


class MultiFeatureClassifier(Composite):
    """Predicts classes, numbers or labels of rows by several groups of features.

    Each group goes through its feature extractor, their vectors through the combiner, the combined vector
    through the head, whose outputs the objective understands.

    Args:
        feature_extractors: One module for each group, by the group's name, in order. Unnamed groups are
            called ``0``, ``1``, ``2``, so that parameters are named as in an ``nn.ModuleList``.
        combiner: Takes the list of vectors and the presence mask, see `app.submodules.combiners`.
        head: Maps the combined vector to O outputs.
        objective: Their loss, their meaning and their scores.
        optimizer: Factory of the optimiser.
        schedule: Factory of the learning-rate schedule.
        target_columns: Columns that are predicted, where there are several.
        normalizations: What maps uint8 pictures to floats, by the names of groups of pictures.
        modality_dropout: Probability that a present group is hidden from a row in training, in [0, 1).
            A row always keeps at least one group.
        min_stacked_extractors: That many or more extractors of equal structure are trained as one, see
            `app.multi_feature.stacking.planning`; at least 2; None: each by itself.
        recipe: See `Composite`.
    """

    made_anew = ("objective", "normalizations")

    def __init__(
        self,
        *,
        feature_extractors: Mapping[str, nn.Module] | Sequence[nn.Module],
        combiner: nn.Module,
        head: nn.Module,
        objective: protocols.Objective,
        optimizer: OptimizerFactory,
        schedule: ScheduleFactory,
        target_columns: tuple[str, ...] = (),
        normalizations: Mapping[str, nn.Module] = MappingProxyType({}),
        modality_dropout: float = 0.0,
        min_stacked_extractors: int | None = None,
        recipe: Recipe | None = None,
    ) -> None:
        stacking = ModuleStacking(
            holder="feature_extractors", min_size=min_stacked_extractors, optimizer=optimizer
        )
        super().__init__(recipe=recipe, callbacks=[stacking])
        self._stacking = stacking
        self._optimizer_factory = optimizer
        self._schedule_factory = schedule
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
        yield Meaning(part="head", what="classes", names=spec.target.outputs)
        yield Meaning(part="combiner", what="groups", names=tuple(spec.widths), binds="part")
        for group in spec.groups:
            part = f"feature_extractors.{escape_name(group.name)}"
            yield Meaning(part=part, what="columns", names=group.feature_names)
        widths = {
            name: cast(int, getattr(each, "out_features", 0))
            for name, each in self.feature_extractors.items()
        }
        if getattr(self.combiner, "out_features", None) == sum(widths.values()):  # side by side, in order
            groups = [(group, widths.get(escape_name(group), 0)) for group in spec.widths]
            combined = tuple(f"{group}.{i}" for group, width in groups for i in range(width))
            yield Meaning(part="head", what="groups", names=combined)

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
        """Return what the head says of rows, which `objective.decode` understands.

        Args:
            features: G entries of [B, F_g], float, or as the group's layout says, see `group_specs`; None
                where a group is missing in every row.
            presence: [B, G], bool, whether a row has a group; None: each group that isn't None is there.

        Returns:
            Outputs of [B, O].

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
        _check_output("the combiner", self.combiner, combined)
        outputs: Tensor = self.head(combined)
        _check_output("the head", self.head, outputs)
        return outputs

    def training_step(self, batch: FeatureBatch, batch_idx: int) -> Tensor:
        """Return the loss of one batch; hides groups at random where modality dropout is set."""
        if len(batch) == 1:
            self._refuse_single_row()
        presence = self._hide_groups(batch) if self.modality_dropout else batch.presence
        loss, weight = self._loss(self(batch.features, presence), batch)
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

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Build the injected optimiser and schedule."""
        return configure_single_optimizer(self, self._optimizer_factory, self._schedule_factory)

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
        in_features = getattr(extractor, "in_features", None)
        if tensor is None:
            width = cast(int, extractor.out_features)
            return torch.zeros(len(like), width, dtype=cast(torch.dtype, self.dtype), device=like.device)
        if tensor.dim() == 2 and tensor.is_floating_point() and in_features not in (None, tensor.shape[1]):
            raise UserError(  # ids, steps and pictures have their width on another axis, or on none
                f"group '{group}' has {tensor.shape[1]} features, but its extractor "
                f"({type(extractor).__name__}) takes {in_features}"
            )
        vector: Tensor = extractor(tensor)
        _check_output(f"the extractor of group '{group}'", extractor, vector)
        return vector

    def _refuse_single_row(self) -> None:
        if any(
            isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.SyncBatchNorm)
            for module in self.modules()
        ):
            raise UserError(
                "a training batch of one row has no spread to normalise by: "
                "raise multi_feature.data.batch_size, or choose parts that don't normalise (preset plain)"
            )

    def _hide_groups(self, batch: FeatureBatch) -> Tensor:
        shape = (len(batch), len(self.feature_extractors))
        present = torch.ones(shape, dtype=torch.bool, device=self.device)
        if batch.presence is not None:
            present = batch.presence
        draws = torch.rand(shape, device=self.device).masked_fill(~present, -1.0)
        kept = draws >= self.modality_dropout
        return kept | (present & (draws == draws.amax(dim=1, keepdim=True)))

    def _loss(self, outputs: Tensor, batch: FeatureBatch) -> tuple[Tensor, float]:
        """Return the mean loss of rows, and what it counts among those of other batches.

        Each row has its own weight, and that of its class.
        """
        loss_B: Tensor = self.objective(outputs, batch.target)
        weights = [one for one in (batch.weight, self.objective.row_weights(batch.target)) if one is not None]
        if not weights:
            return loss_B.mean(), len(batch)
        weight_B = torch.stack(weights).prod(dim=0)
        total = weight_B.sum()
        return (weight_B * loss_B).sum() / total, float(total)

    def _score(self, batch: FeatureBatch, loss: LossMean, whole: WholePart) -> None:
        outputs = self(batch.features, batch.presence)
        loss.add(*self._loss(outputs, batch))
        whole.update(outputs, batch.target)

    def _log_scores(self, part: str, loss: LossMean, scores: Mapping[str, Tensor]) -> None:
        self.log_whole(
            {f"{part}_loss": loss.finish(), **{f"{part}_{name}": value for name, value in scores.items()}}
        )


def _check_output(name: str, module: nn.Module, output: Tensor) -> None:
    published = getattr(module, "out_features", None)
    if isinstance(published, int) and output.shape[-1] != published:
        raise UserError(
            f"{name} ({type(module).__name__}) publishes out_features={published}, "
            f"and gave {output.shape[-1]} features"
        )

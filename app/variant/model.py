"""The composite of the family variant.

Shapes: B sequences, L steps, F_in features of a step, C classes of a variant, N labels that count.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Self, cast

from pytorch_lightning.strategies import DDPStrategy
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.assembly.composite import OneOptimizerComposite
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.assembly.protocols import LossBalance
from nested_lightning.app.errors import UserError
from nested_lightning.app.processes import mean_over_ranks
from nested_lightning.app.training.meanings import Meaning
from nested_lightning.app.variant.batch import IGNORED, SequenceBatch
from nested_lightning.app.variant.scores import VariantScores
from nested_lightning.app.variant.spec import VariantDataSpec, unknown_variant


class VariantModel(OneOptimizerComposite):
    """Labels sequences of several kinds; the decoder is chosen by the batch's input type.

    A variant's steps go through its own adapter, then the trunk if there is one, then its own decoder. A
    training step of one variant leaves all that is another variant's untouched: its gradients stay None, so
    that no optimiser moves it.

    Args:
        adapters: From a variant's steps to vectors, by the variant's name, see
            `app.submodules.sequence_adapters`.
        decoders: From vectors to logits, by the same names, see `app.submodules.sequence_decoders`.
        losses: From logits of [N, C] and class indices of [N] to their mean loss, by the same names.
        balance: A `LossBalance`, from a variant's name and loss to what is minimised.
        num_classes: C by the variant's name.
        trunk: Shared by all variants; None: there is none.
        frozen: Variants whose adapter and decoder don't learn.
        **options: See `OneOptimizerComposite`.
    """

    def __init__(
        self,
        *,
        adapters: Mapping[str, nn.Module],
        decoders: Mapping[str, nn.Module],
        losses: Mapping[str, nn.Module],
        balance: nn.Module,
        num_classes: Mapping[str, int],
        trunk: nn.Module | None = None,
        frozen: Collection[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.variants = tuple(decoders)
        self.adapters = nn.ModuleDict({escape_name(name): adapters[name] for name in decoders})
        self.decoders = nn.ModuleDict({escape_name(name): decoders[name] for name in decoders})
        self.losses = nn.ModuleDict({escape_name(name): losses[name] for name in decoders})
        self.trunk = trunk
        self.balance = balance
        self._frozen = [
            module for name in frozen for module in (adapters[name], decoders[name], losses[name])
        ]
        for module in self._frozen:
            module.requires_grad_(False)
        self.train_scores = VariantScores(stage="train", num_classes=num_classes)
        self.val_scores = VariantScores(stage="val", num_classes=num_classes)
        self.test_scores = VariantScores(stage="test", num_classes=num_classes)

    @override
    def meanings(self, data_spec: Mapping[str, Any]) -> Iterator[Meaning]:
        for each in VariantDataSpec.from_dict(data_spec).variants:
            name = escape_name(each.name)
            yield Meaning(part=f"decoders.{name}", what="classes", names=each.class_names)
            if each.vocabulary:
                yield Meaning(part=f"adapters.{name}", what="tokens", names=("", *each.vocabulary))

    def forward(
        self, input_type: str, x: Tensor, hidden: Any = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Label the steps of sequences.

        Args:
            input_type: Name of the variant.
            x: Indices of tokens, int64 of [B, L], their pieces, int64 of [B, L, K], or vectors, float of
                [B, L, F_in].
            hidden: The decoder's state from an earlier call, to go on from; None: the beginning.
            mask: [B, L], bool, False at padding, which stands after the steps; None: no padding.

        Returns:
            Logits of [B, L, C], and the decoder's state after the last step, None if it has none.

        Raises:
            UserError: The variant is unknown; or a state is given to a decoder that reads both ways.
        """
        if input_type not in self.variants:
            raise unknown_variant(input_type, self.variants)
        key = escape_name(input_type)
        vectors = self.adapters[key](x)
        if self.trunk is not None:
            vectors = self.trunk(vectors, mask)
        logits_BLC, hidden = self.decoders[key](vectors, mask, hidden)
        return logits_BLC, hidden

    def label(self, batch: SequenceBatch, *, has_step_labels: bool) -> Tensor:
        """Return logits of [B, L, C], or of [B, C], the mean over steps, where a sequence has one label."""
        logits_BLC, _ = self(batch.variant, batch.inputs, mask=batch.mask)
        return logits_BLC if has_step_labels else _mean_over_steps(logits_BLC, batch.mask)

    def training_step(self, batch: SequenceBatch, batch_idx: int) -> Tensor:
        """Return the balanced loss of one batch of one variant."""
        loss, num_labels = self._score(batch, self.train_scores)
        return self.balance(batch.variant, mean_over_ranks(loss, num_labels))

    def validation_step(self, batch: SequenceBatch, batch_idx: int) -> None:
        """Add one batch to the validation's losses and scores."""
        self._score(batch, self.val_scores)

    def test_step(self, batch: SequenceBatch, batch_idx: int) -> None:
        """Add one batch to the test's losses and scores."""
        self._score(batch, self.test_scores)

    def predict_step(self, batch: SequenceBatch, batch_idx: int) -> Tensor:
        """Return the probabilities of each step, float32 of [B, L, C], or of each sequence, [B, C].

        Which it is, a batch's labels say; without any it is each step.
        """
        has_step_labels = batch.target is None or batch.target.dim() == 2
        return self.label(batch, has_step_labels=has_step_labels).float().softmax(dim=-1)

    def on_train_epoch_end(self) -> None:
        """Log the epoch's losses and scores, and the effective weight of each variant's loss."""
        balance = cast(LossBalance, self.balance)
        weights = {f"train_{name}_weight": balance.effective_weight(name) for name in self.variants}
        self.log_whole({**self.train_scores.compute(), **weights})

    def on_validation_epoch_end(self) -> None:
        """Log losses and scores of each variant and their mean, see `VariantScores`."""
        self.log_whole(self.val_scores.compute())

    def on_test_epoch_end(self) -> None:
        """Log losses and scores of each variant and their mean, see `VariantScores`."""
        self.log_whole(self.test_scores.compute())

    @override
    def setup(self, stage: str) -> None:
        """Refuse accumulated gradients on several devices, since a step leaves other variants without any.

        Raises:
            UserError: Gradients are gathered over several batches; DDP would leave those of the other
                variants different in each process.
        """
        is_shared = isinstance(self.trainer.strategy, DDPStrategy)
        if is_shared and self.trainer.accumulate_grad_batches > 1:
            raise UserError(
                "trainer.accumulate_grad_batches must be 1 where several processes train variants:"
                " set variant.data.batch_size instead"
            )

    @override
    def train(self, mode: bool = True) -> Self:
        """Set the mode; what is frozen stays in evaluation mode, so that no running mean moves either."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Build the injected optimiser and schedule.

        Raises:
            UserError: All variants are frozen, and nothing else learns.
        """
        if not any(parameter.requires_grad for parameter in self.parameters()):
            raise UserError(
                "there is nothing to train: all variants are frozen (variant.variants.NAME.is_frozen)"
            )
        return super().configure_optimizers()

    def _score(self, batch: SequenceBatch, scores: VariantScores) -> tuple[Tensor, int]:
        """Add a batch to the scores; return its mean loss and its number of labels."""
        assert batch.target is not None
        has_step_labels = batch.target.dim() == 2
        logits = self.label(batch, has_step_labels=has_step_labels)
        counts = batch.target != IGNORED
        logits_NC, target_N = logits[counts], batch.target[counts]
        loss: Tensor = self.losses[escape_name(batch.variant)](logits_NC, target_N)
        scores.update(batch.variant, loss, logits_NC, target_N)
        return loss, len(target_N)


def _mean_over_steps(logits: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return logits.mean(dim=1)
    kept_BLC = logits.masked_fill(~mask.unsqueeze(-1), 0.0)
    return kept_BLC.sum(dim=1) / mask.sum(dim=1, keepdim=True)

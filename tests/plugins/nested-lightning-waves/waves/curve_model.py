"""The composite of the family curve-fit, and how it is put together.

Shapes: B rows of a batch, F inputs.
"""

import torch.nn.functional as F
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.composite import Composite
from nested_lightning.app.assembly.widths import Width
from nested_lightning.app.assembly.wiring.parts import Part, part
from nested_lightning.app.assembly.wiring.published import published
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.submodules.heads import LinearHead
from nested_lightning.app.training.loss_mean import LossMean
from nested_lightning.app.training.optimization import OptimizerFactory, configure_single_optimizer
from waves.curve_data import CurveBatch, CurveDataSpec


class CurveFit(Composite):
    """A weighted sum of features of the inputs.

    Args:
        feature_extractor: From the inputs to features.
        head: From features to one number.
        optimizer: Factory of the optimiser.
        recipe: See `Composite`.
    """

    def __init__(
        self,
        *,
        feature_extractor: nn.Module,
        head: nn.Module,
        optimizer: OptimizerFactory,
        recipe: Recipe | None = None,
    ) -> None:
        super().__init__(recipe=recipe)
        self.feature_extractor = feature_extractor
        self.head = head
        self._optimizer = optimizer
        self.train_loss = LossMean()
        self.val_loss = LossMean()
        self.test_loss = LossMean()

    def forward(self, inputs: Tensor) -> Tensor:
        """Map ``inputs`` of [B, F], float, to the curve's values of [B]."""
        value: Tensor = self.head(self.feature_extractor(inputs))
        return value.squeeze(-1)

    def training_step(self, batch: CurveBatch, batch_idx: int) -> Tensor:
        """Return the mean squared error."""
        return self._loss(batch, self.train_loss)

    def validation_step(self, batch: CurveBatch, batch_idx: int) -> None:
        """Add one batch to the validation's loss."""
        self._loss(batch, self.val_loss)

    def test_step(self, batch: CurveBatch, batch_idx: int) -> None:
        """Add one batch to the test's loss."""
        self._loss(batch, self.test_loss)

    def on_train_epoch_end(self) -> None:
        """Log ``train_loss``."""
        self.log("train_loss", self.train_loss.finish(), sync_dist=True)

    def on_validation_epoch_end(self) -> None:
        """Log ``val_loss``."""
        self.log("val_loss", self.val_loss.finish(), sync_dist=True)

    def on_test_epoch_end(self) -> None:
        """Log ``test_loss``."""
        self.log("test_loss", self.test_loss.finish(), sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Build the injected optimiser."""
        return configure_single_optimizer(self, self._optimizer, lambda optimizer, num_steps: None)

    def _loss(self, batch: CurveBatch, mean: LossMean) -> Tensor:
        assert batch.target is not None
        loss = F.mse_loss(self(batch.inputs), batch.target)
        mean.add(loss, len(batch))
        return loss


def curve_fit(
    data: CurveDataSpec,
    model: Part[CurveFit],
    feature_extractor: Part[protocols.FeatureExtractor] = part(),
    head: Part[LinearHead] = part(LinearHead),
    optimizer: Part[protocols.Optimizer] = part(),
) -> CurveFit:
    """Wire the extractor for the table's columns, and the head of its width."""
    extractor = feature_extractor(in_features=Width(len(data.columns), "the table"))
    return model(
        feature_extractor=extractor,
        head=head(in_features=published(extractor), out_features=1),
        optimizer=optimizer,
    )

"""The datamodule may have parts of its own; a module with nothing injected needs no function."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from nested_lightning import Part, Parts, bootstrap, family, overriding, part, parts
from tests.containers.owning.vaes import Curves


class Scale:
    """Multiplies."""

    def __init__(self, factor: float = 2.0) -> None:
        self.factor = factor

    def __call__(self, x: Tensor) -> Tensor:
        return self.factor * x


class Shift:
    """Adds."""

    def __init__(self, amount: float = 1.0) -> None:
        self.amount = amount

    def __call__(self, x: Tensor) -> Tensor:
        return x + self.amount


class Transformed(pl.LightningDataModule):
    """Numbers that injected transforms change."""

    def __init__(self, transforms: list[Any], length: int) -> None:
        super().__init__()
        self.transforms, self.length = transforms, length

    def setup(self, stage: str) -> None:
        self.numbers = torch.ones(4, self.length)
        for transform in self.transforms:
            self.numbers = transform(self.numbers)
        self.largest = float(self.numbers.max())

    def train_dataloader(self) -> DataLoader[Tensor]:
        return DataLoader(self.numbers, batch_size=2)  # type: ignore[arg-type]


def transformed(
    length: int = 3, last: Part[Any] = part(shift=Shift), steps: Parts[Any] = parts(scale=Scale, shift=Shift)
) -> Transformed:
    """Numbers, and what is done to them."""
    return Transformed([*(steps[name]() for name in steps), last()], length)


class Shrinking(pl.LightningModule):
    """Makes what a layer gives small."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        return self.layer(batch).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@family("transforming", data=transformed)
def transforming(data: Transformed, model: Part[Shrinking]) -> Shrinking:
    """A model of the size of the data."""
    return model(layer=nn.Linear(data.length, int(data.largest)))


def _widths(application: Any) -> tuple[int, int]:
    layer = application.transforming.model().layer
    return layer.in_features, layer.out_features


def test_parts_of_the_data_have_settings_of_their_own() -> None:
    assert _widths(bootstrap({}, family=transforming)) == (3, 2)
    data = {
        "length": 5,
        "last": {"amount": 4.0},
        "steps": {"double": {"factor": 3.0}, "more": {"kind": "shift"}},
    }

    assert _widths(bootstrap({"transforming": {"data": data}}, family=transforming)) == (5, 8)


def test_parts_of_the_data_are_overridden_by_their_paths() -> None:
    application = bootstrap({"transforming": {"data": {"steps": {"a": {}}}}}, family=transforming)

    with overriding(application, "transforming.datamodule.steps.a", lambda: Scale(7.0)):
        assert _widths(application) == (3, 8)
    with overriding(application, "transforming.datamodule.last", lambda: Scale(5.0)):
        assert _widths(application) == (3, 10)
    assert _widths(application) == (3, 3)


def test_a_module_with_nothing_injected_is_a_family_without_a_function() -> None:
    class Mean(pl.LightningModule):
        """Gives a mean."""

        def __init__(self, width: int = 2) -> None:
            super().__init__()
            self.layer = nn.Linear(3, width)

    plain = family("plain-mean", model=Mean, data=Curves)
    application = bootstrap({"plain_mean": {"width": 5, "data": {"length": 4}}}, family=plain)

    assert application.plain_mean.model().layer.out_features == 5
    assert application.settings().family.summary == "Gives a mean."

"""What follows from a part that couldn't be built is unchecked: reported, and no fault of its own."""

from collections.abc import Callable
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nested_lightning import Part, bootstrap, family, part, unchecked
from nested_lightning.containers.checking.model_check import check_application


class Points(pl.LightningDataModule):
    """Points on a line."""

    def train_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return DataLoader(TensorDataset(torch.rand(8, 6)), batch_size=4)


class Failing(nn.Module):
    """Can't be built; it would have eight features."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.out_features = self.latent = 8
        raise ValueError("the moon is full")


class OfEight(nn.Linear):
    """Takes eight features alone."""

    def __init__(self, in_features: int) -> None:
        if in_features != 8:
            raise ValueError("eight features are needed")
        super().__init__(in_features, 1)


class Around(nn.Module):
    """Needs to know more of its part than a width."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.last = nn.Linear(inner.latent, 1)  # type: ignore[arg-type]


class Whole(pl.LightningModule):
    """Uses both parts in its step."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return self.head(self.encoder(batch[0]) * self.encoder.latent).sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def by_width(
    data: Points,
    model: Part[Whole],
    encoder: Part[nn.Module] = part(failing=Failing),
    head: Part[nn.Module] = part(of_eight=OfEight),
) -> Whole:
    """Give the head the encoder's width."""
    seen = encoder(in_features=6)
    return model(encoder=seen, head=head(in_features=seen.out_features))


def by_module(
    data: Points,
    model: Part[Whole],
    encoder: Part[nn.Module] = part(failing=Failing),
    head: Part[nn.Module] = part(around=Around),
) -> Whole:
    """Give the head the encoder itself."""
    seen = encoder(in_features=6)
    return model(encoder=seen, head=head(inner=seen))


def in_the_wiring(
    data: Points,
    model: Part[Whole],
    encoder: Part[nn.Module] = part(failing=Failing),
    head: Part[nn.Module] = part(linear=nn.Linear),
) -> Whole:
    """Ask the encoder for more than a width."""
    seen = encoder(in_features=6)
    return model(encoder=seen, head=head(seen.latent, 1))


def in_the_step(
    data: Points,
    model: Part[Whole],
    encoder: Part[nn.Module] = part(failing=Failing),
    head: Part[nn.Module] = part(linear=nn.Linear),
) -> Whole:
    """Leave it to the composite to ask the encoder for more."""
    return model(encoder=encoder(in_features=6), head=head(6, 1))


@pytest.mark.parametrize(
    ("function", "finding"),
    [
        (by_width, "own.head: unchecked: it is built of own.encoder, see there"),
        (by_module, "own.head: unchecked: it is built of own.encoder, see there"),
        (
            in_the_wiring,
            "own.encoder: it can't be built: the moon is full; what is wired after it is unchecked",
        ),
        (in_the_step, "own.encoder"),
    ],
)
def test_consequences_in_a_family_of_ones_own_are_unchecked(
    function: Callable[..., Whole], finding: str
) -> None:
    report = check_application(bootstrap({}, family=family("own")(function)))

    (fault,) = map(str, report.faults)
    assert fault.startswith("own.encoder: it can't be built: the moon is full")
    assert any(str(one).startswith(finding) for one in (*report.unchecked, *report.faults))


class Doubling(Whole):
    """Computes something between its parts, and is validated."""

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return self.head(self.encoder(batch[0]) * 2).sum()

    def validation_step(self, batch: Any, batch_idx: int) -> Tensor:
        return self.training_step(batch, batch_idx)


def block(size: int, inner: Part[nn.Module] = part(linear=nn.Linear)) -> nn.Module:
    """Hold the part under another name, that of a sequence."""
    return nn.Sequential(inner(in_features=size, out_features=3), nn.Linear(3, 2))


def in_a_sequence(
    data: Points,
    model: Part[Doubling],
    encoder: Part[nn.Module] = part(block),
    head: Part[nn.Module] = part(linear=nn.Linear),
) -> Doubling:
    return model(encoder=encoder(size=6), head=head(2, 1))


def test_a_part_under_another_name_has_its_parameters_and_its_inputs_their_givers() -> None:
    report = check_application(bootstrap({}, family=family("own")(in_a_sequence)))

    counts = {row.path: row.num_parameters for row in report.rows}
    assert counts == {"encoder.inner": 7 * 3, "encoder": 4 * 2, "head": 3}
    assert {giver for giver, taker in report.edges if taker == "head"} == {"encoder"}


def test_what_holds_a_failing_part_under_another_name_is_no_fault() -> None:
    overrides = {"own.encoder.inner": unchecked(lambda **_: Failing(6), because="it has to fail")}
    report = check_application(bootstrap({}, family=family("own")(in_a_sequence), overrides=overrides))

    assert [fault.path for fault in report.faults] == ["own.encoder.inner"]


@pytest.mark.slow
def test_a_width_that_differs_from_a_guessed_one_is_unchecked() -> None:
    def fail(*, in_features: Any) -> nn.Module:
        raise ValueError("the moon is full")

    overrides = {
        "multi_feature.combiner": unchecked(fail, because="it has to fail"),
        "multi_feature.head": unchecked(nn.Linear(5, 10), because="it is of another width"),
    }
    report = check_application(bootstrap({"model": "multi-feature"}, overrides=overrides))

    assert [fault.path for fault in report.faults] == ["multi_feature.combiner"]
    assert "multi_feature.head: unchecked: it is built of multi_feature.combiner, see there" in map(
        str, report.unchecked
    )


def test_a_keyword_that_is_not_taken_is_a_fault_whatever_comes_before() -> None:
    def build(
        data: Points,
        model: Part[Whole],
        encoder: Part[nn.Module] = part(failing=Failing),
        head: Part[nn.Module] = part(of_eight=OfEight),
    ) -> Whole:
        seen = encoder(in_features=6)
        return model(encoder=seen, head=head(in_feature=seen.out_features))

    report = check_application(bootstrap({}, family=family("own")(build)))

    assert [fault.path for fault in report.faults] == ["own.encoder", "own.head"]


class Unbuilt(nn.Module):
    """An image encoder that can't be built."""

    def __init__(self, *, in_features: int, picture_size: int) -> None:
        raise ValueError(f"no pictures of {in_features} channels")

    def forward(self, x: Tensor) -> Tensor:
        """Take whatever it gets."""
        return x


def test_without_gradients_what_comes_after_a_stand_in_is_no_fault() -> None:
    overrides = {"image_to_text.image_encoder": Unbuilt}
    report = check_application(bootstrap({"model": "image-to-text"}, overrides=overrides))

    assert [fault.path for fault in report.faults] == ["image_to_text.image_encoder"]

"""The composite of vae-gan: who steps, who doesn't, what is counted, logged and watched."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from dependency_injector import providers
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from nested_lightning import bootstrap
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.turns import Turns
from nested_lightning.settings.reading.merging import merge
from tests.quick_first import quick_first


class Parameters(Callback):
    """Keeps the parameters as they are before the first batch and after it."""

    def __init__(self) -> None:
        self.before: dict[str, Tensor] = {}
        self.after: dict[str, Tensor] = {}
        self.steps: list[int] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, _: int) -> None:
        self.before = self.before or _copy(pl_module)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.after = self.after or _copy(pl_module)
        self.steps.append(trainer.global_step)


@dataclass(frozen=True, kw_only=True)
class TurnsOfOne(Turns):
    """Only components of one kind step."""

    kind: str

    def has(self, kind: str, num_batches_before: int) -> bool:
        """Return whether it is that kind."""
        return kind == self.kind


def _copy(module: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in module.named_parameters()}


def _train(settings: dict[str, Any], *callbacks: Callback) -> Any:
    run = bootstrap(settings).vae_gan.training_run()
    run.trainer.callbacks[:0] = callbacks
    run()
    return run


def _changed(seen: Parameters) -> set[str]:
    names = [name for name in seen.before if not torch.equal(seen.before[name], seen.after[name])]
    return {name.partition(".")[0] for name in names}


def test_the_step_of_the_discriminator_leaves_the_vaes_untouched(picture_settings: dict[str, Any]) -> None:
    seen = Parameters()
    container = bootstrap(merge(picture_settings, {"trainer": {"max_epochs": 1}}))
    with container.vae_gan.turns.override(providers.Object(TurnsOfOne(kind="discriminators"))):
        run = container.vae_gan.training_run()
    run.trainer.callbacks.append(seen)
    run()

    assert _changed(seen) == {"discriminators"}


@pytest.mark.slow
def test_the_step_of_the_vaes_leaves_the_discriminator_untouched(picture_settings: dict[str, Any]) -> None:
    seen = Parameters()
    container = bootstrap(merge(picture_settings, {"trainer": {"max_epochs": 1}}))
    with container.vae_gan.turns.override(providers.Object(TurnsOfOne(kind="vaes"))):
        run = container.vae_gan.training_run()
    run.trainer.callbacks.append(seen)
    run()

    assert _changed(seen) == {"vaes"}
    assert all(p.grad is None for p in run.model.discriminators.parameters())


def test_only_the_vaes_whose_domains_are_in_the_batch_step(picture_settings: dict[str, Any]) -> None:
    run = bootstrap(merge(picture_settings, {"trainer": {"max_steps": 1}})).vae_gan.training_run()
    generate = run.model._generate
    run.model._generate = lambda batch: generate(batch[(batch.domain == 1).nonzero().squeeze(1)])
    seen = Parameters()
    run.trainer.callbacks.append(seen)
    run()

    changed = [name for name in seen.before if not torch.equal(seen.before[name], seen.after[name])]
    assert {name.split(".")[1] for name in changed if name.startswith("vaes.")} == {"line"}


@pytest.mark.parametrize(("vaes_every", "discriminator_every"), quick_first([(3, 2), (1, 1), (2, 1)]))
def test_a_batch_is_one_step_whatever_the_number_of_optimisers(
    picture_settings: dict[str, Any], vaes_every: int, discriminator_every: int
) -> None:
    intervals = {
        "vae_gan": {
            "vaes_every_n_batches": vaes_every,
            "discriminator_every_n_batches": discriminator_every,
        }
    }
    seen = Parameters()

    run = _train(merge(picture_settings, intervals), seen)

    assert seen.steps == list(range(1, 9))
    assert run.trainer.global_step == 8
    assert len(run.trainer.optimizers) == 4
    steps = [int(o.state[o.param_groups[0]["params"][0]]["step"]) for o in run.trainer.optimizers]
    assert steps[:3] == [-(-8 // vaes_every)] * 3
    assert steps[3] == -(-8 // discriminator_every)


@pytest.mark.slow
def test_max_steps_and_checkpoint_intervals_count_batches(
    picture_settings: dict[str, Any], tmp_path: Path
) -> None:
    limits = {"trainer": {"max_steps": 5, "checkpoint_every_n_steps": 3}}
    saved: list[int] = []

    class Saves(Callback):
        def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: Any) -> None:
            saved.append(checkpoint["global_step"])

    run = _train(merge(picture_settings, limits), Saves())

    assert run.trainer.global_step == 5
    assert 3 in saved
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["global_step"] == 5


def test_each_vae_and_the_discriminator_are_logged(picture_settings: dict[str, Any], tmp_path: Path) -> None:
    _train(picture_settings)

    rows = list(csv.DictReader((tmp_path / "run" / "metrics.csv").open()))
    for name in ("dot", "line", "ring"):
        for loss in ("reconstruction", "kl", "adversarial"):
            assert float(rows[0][f"train_{loss}.{name}"]) > 0
    for score in ("loss", "real_accuracy", "generated_accuracy"):
        assert rows[0][f"train_discriminator_{score}"]
    assert {"train_loss", "val_frechet_distance", "val_diversity"} <= set(rows[-1])


@pytest.mark.slow
def test_the_classifier_is_fitted_once_and_saved(picture_settings: dict[str, Any], tmp_path: Path) -> None:
    run = _train(picture_settings)
    data = run.datamodule.part("test")

    assert (run.model.classifier(data.pictures).argmax(dim=1) == data.domain).all()
    saved = read_checkpoint(tmp_path / "run" / "checkpoints" / "best.ckpt")["state_dict"]
    assert saved["classifier.is_fitted"]
    assert torch.equal(saved["classifier.head.weight"], run.model.classifier.head.weight)
    assert not any(p.requires_grad for p in run.model.classifier.parameters())


@pytest.mark.slow
def test_samples_follow_the_domain_and_the_generator(picture_settings: dict[str, Any]) -> None:
    model: VaeGan = _train(picture_settings).model.eval()
    domain = torch.tensor([2, 0, 1, 2])

    first, again, other = (model.sample(domain, torch.Generator().manual_seed(s)) for s in (5, 5, 6))

    assert first.shape == (4, 1, 6, 6)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    one = model.sample(torch.tensor([1]), torch.Generator().manual_seed(5))
    alone = model.vae("line").sample(torch.tensor([0]), generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(one, alone)


@pytest.mark.slow
def test_losses_that_are_not_finite_are_warned_of(picture_settings: dict[str, Any]) -> None:
    wild = {"vae_gan": {"vae": {"optimizer": {"kind": "sgd", "lr": 1e30}}}, "trainer": {"max_epochs": 2}}
    run = bootstrap(merge(picture_settings, wild)).vae_gan.training_run()

    with pytest.warns(UserWarning, match="not finite any more .* lower the learning rates"):
        run()

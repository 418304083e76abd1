"""Trainings in one process and in two, of every family; a program of its own, for `test_two_processes`.

The settings leave out dropout and batch normalisation, and all that draws: then the processes must come to
what one process comes to with their batches as one.
"""

import json
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, distributed

from nested_lightning import bootstrap, compose_application, family_container, overriding, resume_training
from nested_lightning.app.submodules.latent_samplers import GaussianSampler, Posterior
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.settings.families import families
from nested_lightning.settings.reading.merging import merge
from tests.app.image_to_text.captioned_folder import write_folder
from tests.conftest import make_picture_folder, make_picture_settings
from tests.containers.shared_trainings import SignalAt
from tests.processes.forked_ranks import run_ranks
from tests.tiny_variants import variant_settings

SGD: Mapping[str, Any] = {"kind": "sgd", "lr": 0.05, "weight_decay": 0.01}
SHARED = {
    "trainer": {
        "max_epochs": 2,
        "accelerator": "cpu",
        "precision": "32-true",
        "num_threads": 1,
        "use_progress_bar": False,
    }
}


class FixedPosterior(Posterior):
    """Draws what its mean says, and nothing else."""

    def draw(self) -> Tensor:
        """Return vectors that differ from the mean as drawn ones do, [B, Z]."""
        return self.mean + torch.sin(40 * self.mean.detach()) * (self.log_variance / 2).exp()


class FixedSampler(GaussianSampler):
    """A latent sampler without a draw: the same picture has the same vector in whichever process."""

    def forward(self, features: Tensor, member: Tensor) -> Posterior:
        posterior = super().forward(features, member)
        return FixedPosterior(mean=posterior.mean, log_variance=posterior.log_variance)

    def draw(self, member: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return torch.cos(torch.arange(self.out_features) + member[:, None]).to(self.linear.weight)


def multi_feature(
    folder: Path, batch_size: int, *, min_stacked_extractors: int | None = None
) -> dict[str, Any]:
    return {
        "model": "multi-feature",
        "multi_feature": {
            "data": {"path": str(folder / "shapes.csv"), "label": "shape", "batch_size": batch_size},
            "feature_extractor": {"kind": "plain", "hidden_features": 8, "out_features": 4},
            "min_stacked_extractors": min_stacked_extractors,
            "head": {"kind": "linear"},
            "class_weights": {"circle": 1.0, "square": 5.0, "star": 0.2},
            "optimizer": SGD,
        },
    }


def image_to_text(folder: Path, batch_size: int) -> dict[str, Any]:
    pictures = write_folder(folder / "pictures", copies=8)
    captions = (pictures / "captions.csv").read_text()
    (pictures / "captions.csv").write_text(
        captions.replace("a red", "a very very red").replace("a blue ", "")
    )
    return {
        "model": "image-to-text",
        "image_to_text": {
            "data": {
                "path": str(pictures),
                "picture_size": 16,
                "batch_size": batch_size,
                "split": {"kind": "random", "val_fraction": 0.2},
            },
            "augmentation": {"max_shift": 0, "flip_probability": 0.0, "max_brightness": 0.0},
            "image_encoder": {"kind": "plain"},
            "bridge": {"out_features": 8, "dropout": 0.0},
            "text_decoder": {"embedding_dim": 6, "hidden_features": 8, "dropout": 0.0},
            "optimizer": SGD,
        },
    }


def variant(folder: Path, batch_size: int) -> dict[str, Any]:
    settings = variant_settings(
        folder / "data",
        folder,
        optimizer=SGD,
        variants={"moods": {"batch_size": 2 * batch_size}},
        balance={"kind": "uncertainty"},
    )
    return merge(settings, {"variant": {"data": {"batch_size": batch_size}}})


def vae_gan(folder: Path, batch_size: int, *, is_discriminator_shared: bool = True) -> dict[str, Any]:
    pictures = folder / "shapes"
    settings = make_picture_settings(pictures if pictures.exists() else make_picture_folder(folder), folder)
    vae = {"optimizer": SGD, "decoder": {"kind": "mlp", "noise_scale": 0.0}}  # noise is each process's own
    optimizers = {"vae": vae, "discriminator_optimizer": SGD}
    data = {"data": {"batch_size": batch_size}}
    own = {"is_discriminator_shared": is_discriminator_shared, "discriminator": {"dropout": 0.0}}
    return merge(settings, {"vae_gan": {**optimizers, **data, **own}})


FAMILIES: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "multi-feature": multi_feature,
    "multi-feature-stacked": partial(multi_feature, min_stacked_extractors=2),
    "image-to-text": image_to_text,
    "variant": variant,
    "vae-gan": vae_gan,
    "vae-gan-separate": partial(vae_gan, is_discriminator_shared=False),
}


class Watch(Callback):
    """Notes what one process sees: a number from its generator, and the sums of its batches."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {"drawn": None, "types": []}

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, _: int) -> None:
        if self.seen["drawn"] is None:
            state = torch.get_rng_state()
            self.seen["drawn"] = float(torch.rand(()))
            torch.set_rng_state(state)
        self.seen["types"].append(getattr(batch, "variant", None))


def train(
    settings: dict[str, Any],
    run_dir: Path,
    *more: Callback,
    trainer_arguments: Mapping[str, Any] | None = None,
) -> None:
    """Train in this process, and write what it saw beside the run folder."""
    application = bootstrap(merge(merge(settings, SHARED), {"run_dir": str(run_dir)}))
    trainer: Any = application.trainer.lightning_trainer
    trainer.add_kwargs(**trainer_arguments or {})
    has_draws = settings["model"] == "vae-gan"
    with overriding(application, "vae_gan.sampler", FixedSampler) if has_draws else nullcontext():
        execute(family_container(application).training_run(), run_dir, *more)


def execute(run: TrainingRun, run_dir: Path, *more: Callback) -> None:
    watch = Watch()
    run.trainer.callbacks[:0] = [watch, *more]  # type: ignore[attr-defined]
    try:
        run()
    except TrainingInterruptedError:
        watch.seen["is_interrupted"] = True
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    run_dir.with_name(f"{run_dir.name}.rank{rank}.json").write_text(json.dumps(watch.seen))


def resume(run_dir: Path) -> None:
    """Go on in this process."""
    execute(resume_training(run_dir), run_dir)


def main(folder: Path) -> None:
    """Train every family alone and in two processes; interrupt some, and go on with other numbers."""
    output = folder / "output.txt"
    compose_application(*families().values())  # imports all that the processes need, once
    for name, family in FAMILIES.items():
        for num_processes in (1, 2):
            settings = family(folder, 12 // num_processes)
            run_ranks(partial(train, settings, folder / f"{name}-{num_processes}"), num_processes, output)
    for name, before, after in (("multi-feature", 1, 2), ("variant", 2, 1)):
        run_dir = folder / f"{name}-{before}-{after}"
        settings = FAMILIES[name](folder, 12 // before)
        run_ranks(partial(train, settings, run_dir, SignalAt(3, signal.SIGTERM)), before, output)
        run_ranks(partial(resume, run_dir), after, output)
    drawing = merge(multi_feature(folder, 6), {"multi_feature": {"modality_dropout": 0.4}})
    run_ranks(partial(train, drawing, folder / "drawing"), 2, output)
    run_ranks(partial(train, drawing, folder / "drawing-stopped", SignalAt(3, signal.SIGTERM)), 2, output)
    run_ranks(partial(resume, folder / "drawing-stopped"), 2, output)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

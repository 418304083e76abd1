"""How good the new pictures of vae-gan are on the digits, with the discriminator and without it.

Run it from the project's folder with ``python -m benchmarks.vae_gan_quality``. Both are trained with three
seeds; the best checkpoint of each is chosen on the validation part and scored on the test part. A seed draws
the split too: a two-sample test of 359 pictures alone is off by some hundredths.
"""

import logging
import statistics
import tempfile
import warnings
from typing import Annotated, Literal

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from nested_lightning import bootstrap, family_container, from_checkpoint, load_settings
from nested_lightning.app.submodules.feature_classifier import FeatureClassifier
from nested_lightning.app.vae_gan.data import VaeGanDataModule
from nested_lightning.app.vae_gan.sample_quality import Sampler, sample_quality
from nested_lightning.commands.options import SetOption, parse_assignments

Part = Literal["val", "test"]
PRESETS: tuple[list[str], ...] = (["without-gan"], [])
SCORES = (
    "judge_accuracy",
    "diversity",
    "frechet_distance",
    "in_connected_features",
    "two_sample_accuracy",
    "real_neighbour_accuracy",
    "sample_neighbour_accuracy",
)


class ConnectedClassifier(FeatureClassifier):
    """Two fully connected layers in place of the convolutions: do they see the same difference?"""

    def __init__(self) -> None:
        super().__init__(channels=1, image_size=8, num_domains=10, out_features=16, num_steps=1200)
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16), nn.ReLU()
        ).requires_grad_(False)

    def features(self, pictures: Tensor) -> Tensor:
        """Map pictures of [B, 1, 8, 8] to features of [B, 16]."""
        return self.layers(pictures)


def train_and_score(presets: list[str], *, seed: int, part: Part, set_: list[str] | None) -> dict[str, float]:
    """Train, and return the scores of the best checkpoint and the seconds that the training took."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            model="vae-gan",
            presets=presets,
            assignments=[
                {"seed": seed, "run_dir": folder, "vae_gan": {"data": {"split": {"seed": seed}}}},
                {"trainer": {"accelerator": "cpu", "use_progress_bar": False}},
                parse_assignments(set_),
            ],
        )
        result = family_container(bootstrap(settings)).training_run()()
        torch.set_num_threads(1)
        family = family_container(from_checkpoint(result.best_checkpoint))
        scores = dict(family.evaluator()(part).scores)
        model = family.predictor().model
        scores["in_connected_features"] = connected_distance(model.sample, family.datamodule(), part, seed)
    return {**{name: scores[name] for name in SCORES}, "seconds": result.duration_s}


def connected_distance(sample: Sampler, data: VaeGanDataModule, part: Part, seed: int) -> float:
    """Return the Fréchet distance in the features of a `ConnectedClassifier` fitted to the training part."""
    torch.manual_seed(seed)
    classifier = ConnectedClassifier()
    train, real = data.part("train"), data.part(part)
    classifier.fit(train.pictures, train.domain, lr=1e-3)
    return sample_quality(sample, classifier, real.pictures, real.domain)["frechet_distance"]


def main(
    seeds: Annotated[list[int] | None, typer.Option(help="0, 1 and 2 if none is given.")] = None,
    part: Annotated[Part, typer.Option(help="val, where settings are compared, or test.")] = "test",
    set_: SetOption = None,
) -> None:
    """Train with each seed and print mean and standard deviation of the scores."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    chosen = seeds or [0, 1, 2]
    table = Table(title=f"Mean and standard deviation of {len(chosen)} seeds on the {part} part")
    for column in ("preset", *SCORES, "seconds"):
        table.add_column(column)
    console = Console(width=180)
    for presets in PRESETS:
        name = " ".join(presets) or "default"
        runs = []
        for seed in chosen:
            runs.append(train_and_score(presets, seed=seed, part=part, set_=set_))
            scores = ", ".join(f"{key} {value:.3f}" for key, value in runs[-1].items())
            console.print(f"{name}, seed {seed}: {scores}")
        cells = [[run[key] for run in runs] for key in (*SCORES, "seconds")]
        texts = [f"{statistics.mean(cell):.3f} ± {statistics.pstdev(cell):.3f}" for cell in cells]
        table.add_row(name, *texts)
    console.print(table)


if __name__ == "__main__":
    typer.run(main)

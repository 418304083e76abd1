"""How good the new pictures of vae-gan are on the digits, with the discriminator and without it.

Run it from the project's folder with ``python -m benchmarks.vae_gan_quality``. Both are trained with three
seeds; the best checkpoint of each is chosen on the validation part and scored on the test part.
"""

import logging
import statistics
import tempfile
import warnings
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from commands.options import SetOption, parse_assignments
from containers import bootstrap, family_container, from_checkpoint
from settings import load_settings

PRESETS: tuple[list[str], ...] = (["without-gan"], [])
SCORES = ("judge_accuracy", "diversity", "frechet_distance", "two_sample_accuracy")


def train_and_score(presets: list[str], *, seed: int, part: str, set_: list[str] | None) -> dict[str, float]:
    """Train, and return the scores of the best checkpoint and the seconds that the training took."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            model="vae-gan",
            presets=presets,
            assignments=[
                {"seed": seed, "run_dir": folder},
                {"trainer": {"accelerator": "cpu", "use_progress_bar": False}},
                parse_assignments(set_),
            ],
        )
        result = family_container(bootstrap(settings)).training_run()()
        torch.set_num_threads(1)
        report = family_container(from_checkpoint(result.best_checkpoint)).evaluator()(part)
    return {**{name: report.scores[name] for name in SCORES}, "seconds": result.duration_s}


def main(
    num_seeds: int = 3,
    part: Annotated[str, typer.Option(help="val, where settings are compared, or test.")] = "test",
    set_: SetOption = None,
) -> None:
    """Train with each seed and print mean and standard deviation of the scores."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    table = Table(title=f"Mean and standard deviation of {num_seeds} seeds on the {part} part")
    for column in ("preset", *SCORES, "seconds"):
        table.add_column(column)
    console = Console(width=120)
    for presets in PRESETS:
        name = " ".join(presets) or "default"
        runs = []
        for seed in range(num_seeds):
            runs.append(train_and_score(presets, seed=seed, part=part, set_=set_))
            scores = ", ".join(f"{key} {value:.3f}" for key, value in runs[-1].items())
            console.print(f"{name}, seed {seed}: {scores}")
        cells = [[run[key] for run in runs] for key in (*SCORES, "seconds")]
        texts = [f"{statistics.mean(cell):.3f} ± {statistics.pstdev(cell):.3f}" for cell in cells]
        table.add_row(name, *texts)
    console.print(table)


if __name__ == "__main__":
    typer.run(main)

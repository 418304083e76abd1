"""Train with Fiddle: ``python train.py --experiment=config:base --experiment='set:model.lr=0.01'``."""

from pathlib import Path

import fiddle as fdl
import pytorch_lightning as pl
from absl import app, flags
from fiddle import absl_flags as fdl_flags
from fiddle.experimental import serialization

from benchmarks.ways.fiddle import experiments

EXPERIMENT = fdl_flags.DEFINE_fiddle_config("experiment", default_module=experiments, help_string="Which.")
SEED = flags.DEFINE_integer("seed", 0, "Seed of weights, order and dropout.")


def main(_: list[str]) -> None:
    """Train as the flags say."""
    pl.seed_everything(SEED.value, workers=True)
    Path("experiment.json").write_text(serialization.dump_json(EXPERIMENT.value))
    fdl.build(EXPERIMENT.value).run()


if __name__ == "__main__":
    app.run(main)

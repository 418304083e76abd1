"""Train with plain Lightning: ``python train.py --hidden-features 64``."""

import argparse

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint

from benchmarks.ways.parts import WIDTHS, DigitsData
from benchmarks.ways.plain.model import DigitsClassifier


def main() -> None:
    """Train, or go on from a checkpoint."""
    parser = argparse.ArgumentParser(description="Tell digits by groups of features.")
    parser.add_argument("--linear", nargs="*", choices=list(WIDTHS), default=[])
    parser.add_argument("--hidden-features", type=int, default=32)
    parser.add_argument("--out-features", type=int, default=16)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ckpt-path")
    options = parser.parse_args()

    pl.seed_everything(options.seed, workers=True)
    model = DigitsClassifier(
        options.linear, options.hidden_features, options.out_features, options.dropout, options.lr
    )
    saving = ModelCheckpoint(dirpath="checkpoints", save_last=True, every_n_train_steps=5)
    trainer = pl.Trainer(max_epochs=options.epochs, accelerator="cpu", deterministic=True, callbacks=saving)
    trainer.fit(model, datamodule=DigitsData(options.batch_size), ckpt_path=options.ckpt_path)


if __name__ == "__main__":
    main()

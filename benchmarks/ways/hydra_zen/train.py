"""Train with Hydra and hydra-zen: ``python train.py model.encoders.kar.hidden_features=64``."""

import pytorch_lightning as pl
from hydra_zen import builds, make_config, store, zen
from omegaconf import OmegaConf
from pytorch_lightning.callbacks import ModelCheckpoint

from benchmarks.ways.parts import (
    NUM_CLASSES,
    WIDTHS,
    Classifier,
    Concatenation,
    DigitsData,
    Head,
    LinearEncoder,
    MlpEncoder,
)

OmegaConf.register_new_resolver("sum", sum)

Mlp = builds(MlpEncoder, populate_full_signature=True)
Linear = builds(LinearEncoder, populate_full_signature=True)
for group, width in WIDTHS.items():
    store(Mlp(in_features=width), group=f"model/encoders/{group}", name="mlp")
    store(Linear(in_features=width), group=f"model/encoders/{group}", name="linear")
Model = builds(
    Classifier,
    encoders={},
    combiner=builds(
        Concatenation, in_features=[f"${{model.encoders.{group}.out_features}}" for group in WIDTHS]
    ),
    head=builds(Head, in_features="${sum:${model.combiner.in_features}}", num_classes=NUM_CLASSES),
    populate_full_signature=True,
)
Saving = builds(
    ModelCheckpoint,
    dirpath="${hydra:runtime.output_dir}/checkpoints",
    save_last=True,
    every_n_train_steps=5,
)
Trainer = builds(pl.Trainer, max_epochs=20, accelerator="cpu", deterministic=True, callbacks=[Saving])


store(
    make_config(
        seed=0,
        ckpt_path=None,
        data=builds(DigitsData, populate_full_signature=True),
        model=Model,
        trainer=Trainer,
        hydra_defaults=["_self_", *({f"model/encoders/{group}": "mlp"} for group in WIDTHS)],
    ),
    name="train",
)


def seed_everything(seed: int) -> None:
    """Seed before anything is built."""
    pl.seed_everything(seed, workers=True)


def train(
    data: pl.LightningDataModule, model: pl.LightningModule, trainer: pl.Trainer, ckpt_path: str | None
) -> None:
    """Train, or go on from a checkpoint."""
    trainer.fit(model, datamodule=data, ckpt_path=ckpt_path)


def main() -> None:
    """Run the command line."""
    store.add_to_hydra_store()
    zen(train, pre_call=zen(seed_everything)).hydra_main(
        config_name="train", config_path=None, version_base="1.3"
    )


if __name__ == "__main__":
    main()

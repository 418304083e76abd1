"""The five ways: how each is started by whoever wrote its files."""

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
WAYS = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a training of one way is started, each in an empty working folder.

    Attributes:
        folder: Below `benchmarks/ways`.
        name: In tables.
        files: What its author writes to train.
        train: The command of a training, without the number of its epochs.
        epochs: The option of that number, to be formatted with it.
        changed: Options that narrow an encoder, and make another linear.
        misspelt: The option of a width, with a letter missing in its name.
        resume: The command that goes on from `last`.
        last: The newest checkpoint.
    """

    folder: str
    name: str
    files: tuple[str, ...]
    train: tuple[str, ...]
    epochs: str
    changed: tuple[str, ...]
    misspelt: str
    resume: tuple[str, ...]
    last: str = "checkpoints/last.ckpt"

    def training(self, num_epochs: int, *options: str) -> tuple[str, ...]:
        """Return the command of a training of so many epochs."""
        return (*self.train, *self.epochs.format(num_epochs).split(), *options)

    def resuming(self, num_epochs: int) -> tuple[str, ...]:
        """Return the command that goes on, to the end of so many epochs."""
        return tuple(word for part in self.resume for word in part.format(num_epochs).split())


def _script(folder: str) -> str:
    return str(WAYS / folder / "train.py")


_CLI = (_script("lightning_cli"), "fit", "--config", str(WAYS / "lightning_cli" / "config.yaml"))
_HYDRA = (_script("hydra_zen"), "hydra.run.dir=.")
_FIDDLE = (_script("fiddle"), "--experiment=config:base")
_MAIN = str(PROJECT / "main.py")
_MODEL = ("--model", f"{WAYS / 'family' / 'digits.py'}:digits")

PLAIN = Way(
    folder="plain",
    name="plain Lightning",
    files=("model.py", "train.py"),
    train=(_script("plain"),),
    epochs="--epochs {}",
    changed=("--hidden-features", "8", "--linear", "mor"),
    misspelt="--hiden-features=8",
    resume=(_script("plain"), "--epochs {}", "--ckpt-path checkpoints/last.ckpt"),
)
LIGHTNING_CLI = Way(
    folder="lightning_cli",
    name="LightningCLI",
    files=("train.py", "config.yaml"),
    train=_CLI,
    epochs="--trainer.max_epochs={}",
    changed=(
        "--model.encoders.kar.hidden_features=8",
        "--model.encoders.mor=benchmarks.ways.parts.LinearEncoder",
    ),
    misspelt="--model.encoders.kar.hiden_features=8",
    resume=(*_CLI, "--trainer.max_epochs={}", "--ckpt_path=checkpoints/last.ckpt"),
)
HYDRA_ZEN = Way(
    folder="hydra_zen",
    name="Hydra, hydra-zen",
    files=("train.py",),
    train=_HYDRA,
    epochs="trainer.max_epochs={}",
    changed=("model.encoders.kar.hidden_features=8", "model/encoders/mor=linear"),
    misspelt="model.encoders.kar.hiden_features=8",
    resume=(*_HYDRA, "trainer.max_epochs={}", "ckpt_path=checkpoints/last.ckpt"),
)
FIDDLE = Way(
    folder="fiddle",
    name="Fiddle",
    files=("experiments.py", "train.py"),
    train=_FIDDLE,
    epochs="--experiment=set:trainer.max_epochs={}",
    changed=(
        '--experiment=set:model.encoders["kar"].hidden_features=8',
        '--experiment=fiddler:linear("mor")',
    ),
    misspelt='--experiment=set:model.encoders["kar"].hiden_features=8',
    resume=(
        *_FIDDLE,
        "--experiment=set:trainer.max_epochs={}",
        '--experiment=set:ckpt_path="checkpoints/last.ckpt"',
    ),
)
FAMILY = Way(
    folder="family",
    name="this project",
    files=("digits.py",),
    train=(_MAIN, "train", *_MODEL, "--run-dir", "."),
    epochs="--epochs {}",
    changed=("--set", "digits.encoders.kar.hidden_features=8", "--set", "digits.encoders.mor.kind=linear"),
    misspelt="--set=digits.encoders.kar.hiden_features=8",
    resume=(_MAIN, "resume", ".", *_MODEL),
)
ALL = (PLAIN, LIGHTNING_CLI, HYDRA_ZEN, FIDDLE, FAMILY)

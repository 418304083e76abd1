"""How well vae-gan learns pictures of several kinds and sizes, by preset.

Run it from the project's folder with ``python -m benchmarks.picture_kinds``. The pictures are drawn, or ones
that packages ship; each kind has as few pictures and epochs as show whether anything is learned at all.
"""

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import typer
from PIL import Image, ImageDraw, ImageFont
from sklearn import datasets

from nested_lightning import bootstrap, family_container, from_checkpoint, load_settings
from nested_lightning.commands.options import SetOption, parse_assignments

Pixels = npt.NDArray[np.uint8]
PRESETS: tuple[list[str], ...] = ([], ["without-gan"], ["conv", "without-gan"], ["conv"])
PICTURES_PER_DOMAIN = 60


def digits() -> Iterator[tuple[str, Pixels]]:
    """Yield handwritten digits that scikit-learn ships: grey, 8 pixels."""
    found = datasets.load_digits()
    for digit in (0, 3, 6):
        for picture in found.images[found.target == digit][:PICTURES_PER_DOMAIN]:
            yield str(digit), (picture / 16 * 255).astype(np.uint8)


def letters() -> Iterator[tuple[str, Pixels]]:
    """Yield letters, white on black and turned a little: grey, 28 pixels, nine in ten of which are black."""
    random = np.random.default_rng(0)
    for letter in "AKS":
        for _ in range(PICTURES_PER_DOMAIN):
            sheet = Image.new("L", (28, 28))
            font = ImageFont.load_default(size=int(random.uniform(17, 24)))
            middle = random.uniform(12, 16, size=2)
            ImageDraw.Draw(sheet).text((middle[0], middle[1]), letter, fill=255, font=font, anchor="mm")
            yield letter, np.asarray(sheet.rotate(random.uniform(-12, 12), Image.Resampling.BILINEAR))


def photos() -> Iterator[tuple[str, Pixels]]:
    """Yield pieces of the two photos that scikit-learn ships: colours all over, 16 pixels."""
    random = np.random.default_rng(0)
    for name in ("china.jpg", "flower.jpg"):
        photo = Image.fromarray(datasets.load_sample_image(name)).reduce(4)
        for _ in range(PICTURES_PER_DOMAIN):
            left, top = (int(random.integers(side - 16)) for side in photo.size)
            yield name[:-4], np.asarray(photo.crop((left, top, left + 16, top + 16)))


def shapes() -> Iterator[tuple[str, Pixels]]:
    """Yield a disc or a square of any colour on white: colours, 64 pixels, most of them white."""
    random = np.random.default_rng(0)
    for shape in ("disc", "square"):
        for _ in range(PICTURES_PER_DOMAIN // 2):
            sheet = Image.new("RGB", (64, 64), "white")
            left, top, side = (int(number) for number in random.uniform((4, 4, 16), (28, 28, 32)))
            draw = ImageDraw.Draw(sheet)
            paint = draw.ellipse if shape == "disc" else draw.rectangle
            red, green, blue = (int(number) for number in random.integers(0, 200, 3))
            paint((left, top, left + side, top + side), fill=(red, green, blue))
            yield shape, np.asarray(sheet)


@dataclass(frozen=True)
class Kind:
    """Pictures, and for how long they are learned.

    Attributes:
        draw: Yields the domain and the pixels of each.
        side: Pixels to a side.
        epochs: Of the training.
        batch_size: Pictures of a step; two to four such batches are an epoch.
    """

    draw: Callable[[], Iterator[tuple[str, Pixels]]]
    side: int
    epochs: int
    batch_size: int = 30


KINDS = {
    "digits": Kind(digits, side=8, epochs=100),
    "photos": Kind(photos, side=16, epochs=60),
    "letters": Kind(letters, side=28, epochs=60),
    "shapes": Kind(shapes, side=64, epochs=20, batch_size=10),
}


def write(folder: Path, pictures: Iterator[tuple[str, Pixels]]) -> None:
    """Write pictures as files in a sub-folder for each domain."""
    for number, (domain, pixels) in enumerate(pictures):
        (folder / domain).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / domain / f"{number:04d}.png")


def train(folder: Path, kind: Kind, presets: list[str], more: dict[str, Any]) -> dict[str, float]:
    """Return what `describe` does of the model after its last epoch."""
    data = {"path": str(folder / "pictures"), "image_size": kind.side, "batch_size": kind.batch_size}
    settings = load_settings(
        model="vae-gan",
        presets=presets,
        assignments=[
            {"run_dir": str(folder / "run"), "vae_gan": {"data": data, "classifier_steps": 100}},
            {"trainer": {"max_epochs": kind.epochs, "val_every_n_epochs": kind.epochs}},
            {"trainer": {"accelerator": "cpu", "use_progress_bar": False}},
            more,
        ],
    )
    result = family_container(bootstrap(settings)).training_run()()
    return describe(family_container(from_checkpoint(result.best_checkpoint)))


@torch.no_grad()
def describe(family: Any) -> dict[str, float]:
    """Return the error of reconstructions and the spread of samples.

    Both are of test pictures. The error is a share of what it is where the mean of the domain's training
    pictures stands for each; the spread is the mean distance between two samples of one domain, as a share of
    that between real pictures.
    """
    data, model = family.datamodule(), family.predictor().model
    known, test = data.part("train"), data.part("test")
    means = torch.stack([known.pictures[known.domain == i].mean(dim=0) for i in test.domain.unique()])
    errors = [
        float((test.pictures - made).square().mean())
        for made in (model(test.pictures, test.domain), means[test.domain])
    ]
    return {"error": errors[0] / errors[1], "spread": family.evaluator()("test").scores["diversity"]}


def main(
    kinds: Annotated[list[str] | None, typer.Option(help=f"Some of {', '.join(KINDS)}; else all.")] = None,
    seeds: Annotated[list[int] | None, typer.Option(help="0 if none is given.")] = None,
    set_: SetOption = None,
) -> None:
    """Print the figures of `describe` for each kind and preset, and the seconds of the training."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    for name in kinds or KINDS:
        for presets, seed in product(PRESETS, seeds or [0]):
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder, "pictures"), KINDS[name].draw())
                start = perf_counter()
                more = parse_assignments(set_) | {"seed": seed}
                found = train(Path(folder), KINDS[name], list(presets), more)
            figures = "  ".join(f"{key} {value:.2f}" for key, value in found.items())
            preset = " ".join(presets) or "default"
            typer.echo(f"{name:<9}{preset:<18}seed {seed}  {figures}  {perf_counter() - start:.0f} s")


if __name__ == "__main__":
    typer.run(main)

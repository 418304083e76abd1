"""Pictures that a `VaeGan` makes: new ones, those of a user's files, ways from one to another."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nested_lightning.app.answers import Answers
from nested_lightning.app.record_files import to_npz
from nested_lightning.app.vae_gan.grids import Floats, write_grid
from nested_lightning.app.vae_gan.picture_maker import MadePictures, PictureMaker

MOST_COLUMNS = 16
"""Pictures to a row, where a folder is reconstructed."""

FORMATS = ("png", "jpeg", "webp", "bmp", "tiff")


def answer_files(
    predictor: PictureMaker,
    *,
    files: Sequence[Path],
    sample: int | None = None,
    reconstruct: Path | None = None,
    interpolate: tuple[Path, Path] | None = None,
    domain: str | None = None,
    steps: int = 10,
    seed: int = 0,
) -> Answers:
    """Make a grid of pictures: new ones, reconstructions below their originals, or an interpolation.

    Takes the options of ``predict``, see `settings.vae_gan.PictureOptions`; there are no ``files`` besides.

    Raises:
        UserError: A picture can't be read, or there is no such domain.
    """
    del files
    if sample is not None:
        made = predictor.sample(sample, domain=domain, seed=seed)
        num_columns, name = math.isqrt(sample - 1) + 1, "samples.png"
    elif reconstruct is not None:
        made = predictor.reconstruct(reconstruct, domain=domain)
        num_columns, name = min(len(made), MOST_COLUMNS), "reconstructions.png"
    elif interpolate is not None:
        made = predictor.interpolate(*interpolate, num_pictures=steps, domain=domain)
        num_columns, name = steps, "interpolation.png"
    else:
        raise TypeError("one of sample, reconstruct and interpolate is needed")
    grid = partial(write_grid, np.asarray(made.pictures), _originals(made), num_columns=num_columns)
    pictures = {format_: partial(grid, format_=format_) for format_ in FORMATS}
    writers = {**pictures, "npz": partial(to_npz, _records(made))}
    return Answers(noun="pictures", count=len(made), writers=writers, file_name=name)


def _records(made: MadePictures) -> list[dict[str, Any]]:
    """Return each picture, [C, S, S], with its domain, and what it was made of."""
    columns: dict[str, Any] = {"picture": np.asarray(made.pictures), "domain": made.domains}
    if (originals := _originals(made)) is not None:
        columns["original"] = originals
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _originals(made: MadePictures) -> Floats | None:
    return None if made.originals is None else np.asarray(made.originals)

"""Shares of the data that ship, small enough for an epoch of seconds, as settings."""

import random
import zipfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from nested_lightning.app.pictures.source import SHIPPED_EMOJI


def emoji(folder: Path, num_pictures: int) -> dict[str, Any]:
    """Write emoji, drawn at random, and their captions into a folder; return settings of image-to-text."""
    with (
        as_file(files("nested_lightning.app.data.shipped") / SHIPPED_EMOJI) as shipped,
        zipfile.ZipFile(shipped) as archive,
    ):
        archive.extractall(folder)
    table = folder / "captions.csv"
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    chosen = random.Random(0).sample(rows, min(num_pictures, len(rows)))
    table.write_text("\n".join([header, *chosen, ""]), encoding="utf-8")
    return {"image_to_text": {"data": {"path": str(folder)}}}


def sequences(*, num_files: int, num_repeats: int) -> dict[str, Any]:
    """Return settings of variant with this many files of Python and drawings of each digit's picture."""
    return {
        "variant": {
            "variants": {
                "image": {"source": {"kind": "digits", "num_repeats": num_repeats}},
                "text": {"source": {"kind": "python", "max_files": num_files}},
            }
        }
    }

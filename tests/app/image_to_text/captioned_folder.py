"""A small folder of real pictures with captions, that a small model learns in a moment."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (220, 30, 30),
    "green": (30, 200, 30),
    "blue": (30, 30, 220),
}
SHAPES = ("disc", "bar", "box")


def draw(colour: str, shape: str, size: int = 16) -> Image.Image:
    """Draw a shape on white."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    inside = {
        "disc": x**2 + y**2 < (size / 3) ** 2,
        "bar": np.abs(y) < size / 8,
        "box": (np.abs(x) < size / 3.5) & (np.abs(y) < size / 3.5),
    }[shape]
    pixels = np.full((size, size, 3), 255, dtype=np.uint8)
    pixels[inside] = COLOURS[colour]
    return Image.fromarray(pixels)


def write_folder(folder: Path, *, copies: int = 4, extra: Sequence[str] = ()) -> Path:
    """Write pictures of each colour and shape, and ``captions.csv``; return the folder."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    lines = ["image,caption"]
    for colour in COLOURS:
        for shape in SHAPES:
            for number in range(copies):
                name = f"images/{colour}-{shape}-{number}.png"
                draw(colour, shape).save(folder / name)
                lines.append(f"{name},a {colour} {shape}")
    (folder / "captions.csv").write_text("\n".join([*lines, *extra]) + "\n", encoding="utf-8")
    return folder

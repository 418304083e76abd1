"""Many small pictures as one large one.

Shapes: N pictures, C channels, S pixels to a side.
"""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from nested_lightning.app.errors import UserError

MIN_SIDE = 32
"""Pixels to which the side of a smaller picture is enlarged, in whole steps."""


def picture_grid(pictures: Tensor, *, num_columns: int) -> Image.Image:
    """Lay pictures out row by row, with a line of grey between them; small ones are enlarged.

    Args:
        pictures: [N, C, S, S], from 0 to 1, C of 1 or 3; N at least 1.
        num_columns: Pictures to a row, at least 1.
    """
    num_pictures, channels, side, _ = pictures.shape
    num_columns = min(num_columns, num_pictures)
    num_rows = -(-num_pictures // num_columns)
    factor = max(1, -(-MIN_SIDE // side))
    step = side * factor + 1
    sheet = torch.full((channels, num_rows * step + 1, num_columns * step + 1), 128, dtype=torch.uint8)
    values = (pictures.detach().cpu().clamp(0, 1) * 255).round().to(torch.uint8)
    values = values.repeat_interleave(factor, dim=2).repeat_interleave(factor, dim=3)
    for i, picture in enumerate(values):
        top, left = i // num_columns * step + 1, i % num_columns * step + 1
        sheet[:, top : top + step - 1, left : left + step - 1] = picture
    array = sheet.permute(1, 2, 0).numpy()
    return Image.fromarray(array[:, :, 0] if channels == 1 else array)


def pair_rows(originals: Tensor, rebuilt: Tensor, *, num_columns: int) -> Tensor:
    """Return rows of originals, each with the row of their reconstructions beneath it, for `picture_grid`.

    Args:
        originals: [N, C, S, S].
        rebuilt: [N, C, S, S].
        num_columns: Pictures to a row; the last row is filled up with white.

    Returns:
        [2M, C, S, S], where M is N rounded up to a multiple of ``num_columns``.
    """
    white = originals.new_ones(-len(originals) % num_columns, *originals.shape[1:])
    rows = [torch.cat([part, white]).unflatten(0, (-1, num_columns)) for part in (originals, rebuilt)]
    return torch.stack(rows, dim=1).flatten(0, 2)


def write_grid(path: Path, pictures: Tensor, *, num_columns: int) -> None:
    """Write `picture_grid` to a file, in the format that its suffix names.

    Raises:
        UserError: It can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture_grid(pictures, num_columns=num_columns).save(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be written ({error}); name a file such as samples.png") from None

"""How an encoder that was trained elsewhere is given its pictures."""

from dataclasses import dataclass, replace

from nested_lightning.app.pictures.decoding import Fit, Squaring


@dataclass(frozen=True, kw_only=True)
class PicturePreparation:
    """How pictures become what an encoder was trained with.

    From each colour, of values from 0 to 1, its mean is subtracted, and the rest is divided by its scale.
    """

    squaring: Squaring
    mean: tuple[float, ...]
    scale: tuple[float, ...]


def squaring_of(
    preparation: PicturePreparation | None, *, size: int | None, fit: Fit | None, default_size: int
) -> Squaring:
    """Return how pictures become square: as it is said, else as the encoder wants it, else as by default."""
    wanted = preparation.squaring if preparation else Squaring(size=default_size)
    return replace(wanted, size=size or wanted.size, fit=fit or wanted.fit)

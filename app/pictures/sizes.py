"""How large pictures are in their files, and to which size they are brought where nobody says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

MAX_FOLLOWED = 32
"""Pixels to a side that are kept unasked: with each doubling a step takes four times as long."""


@dataclass(frozen=True)
class PictureSizes:
    """The sizes of pictures in their files.

    Attributes:
        sizes: Width and height of each, in pixels; at least one.
    """

    sizes: Sequence[tuple[int, int]]

    def __str__(self) -> str:
        """Return ``28 x 28 pixels``, or ``12 x 9 to 640 x 480 pixels`` from the smallest to the largest."""
        ends = (choose(self.sizes, key=lambda size: (size[0] * size[1], size)) for choose in (min, max))
        return f"{' to '.join(dict.fromkeys(f'{width} x {height}' for width, height in ends))} pixels"

    def followed(self) -> int:
        """Return the side of squares that keep what the pictures show: the shorter side of the middle one.

        It is never more than `MAX_FOLLOWED`.
        """
        return min(median_low(map(min, self.sizes)), MAX_FOLLOWED)

    def guess(self, side: int, *, setting: str) -> str | None:
        """Return what is lost in squares of ``side`` pixels, and the setting that keeps it; None: nothing."""
        if max(map(min, self.sizes)) <= side:
            return None
        return f"pictures of {self} are made {side} x {side}, so finer detail is lost; {setting} keeps more"

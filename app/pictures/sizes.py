"""How large pictures are in their files, and to which size they are brought where nobody says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from statistics import median_low

MAX_FOLLOWED = 32
"""Pixels to a side that are kept unasked: with each doubling a step takes four times as long."""


@dataclass(frozen=True)
class PictureSizes:
    """Width and height of pictures in their files, in pixels; of at least one."""

    sizes: Sequence[tuple[int, int]]

    def __str__(self) -> str:
        """Return ``28 x 28 pixels``, or ``12 x 9 to 640 x 480 pixels`` from the smallest to the largest."""
        ends = (choose(self.sizes, key=lambda size: (prod(size), size)) for choose in (min, max))
        return f"{' to '.join(dict.fromkeys(f'{width} x {height}' for width, height in ends))} pixels"

    def followed(self) -> int:
        """Return the side of squares that keep what the pictures show: the shorter side of the middle one.

        It is never more than `MAX_FOLLOWED`.
        """
        return min(median_low(map(min, self.sizes)), MAX_FOLLOWED)

    def losses(self, side: int, *, setting: str) -> Sequence[str]:
        """Return what is lost in squares of ``side`` pixels, if anything, and the setting that keeps it."""
        if max(map(min, self.sizes)) <= side:
            return ()
        return (f"pictures of {self} are made {side} x {side}, so detail is lost; {setting} keeps more",)

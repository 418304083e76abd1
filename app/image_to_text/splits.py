"""Splits of captioned pictures into training, validation and test parts."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from nested_lightning.app.data.split_shares import Shares
from nested_lightning.app.data.splits import Split, split_column
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import UserError

SKIN_TONES = "🏻🏼🏽🏾🏿"
_VARIATION_SELECTOR = "\ufe0f"


@dataclass(frozen=True, kw_only=True)
class DrawnPictureSplitter(Shares):
    """What the splitters share that draw, by a seed of at least 0."""

    reserved_columns: ClassVar[tuple[str, ...]] = ()
    min_class_size: ClassVar[int] = 0
    val_fraction: float = 0.05
    seed: int = 0

    def draw(self, drawn_from: Rows) -> tuple[Rows, Rows]:
        """Return a test and a validation share of what is given; neither is empty where its share isn't 0."""
        num_test, num_val = (
            max(round(share * len(drawn_from)), 1) if share else 0
            for share in (self.test_fraction, self.val_fraction)
        )
        if num_test + num_val > len(drawn_from):
            raise UserError(
                f"{len(drawn_from)} can't be split as image_to_text.data.split says; use more pictures"
            )
        order = np.random.default_rng(self.seed).permutation(drawn_from)
        return order[:num_test], order[num_test : num_test + num_val]


@dataclass(frozen=True, kw_only=True)
class RandomPictureSplitter(DrawnPictureSplitter):
    """A random split by picture; see `DrawnPictureSplitter`."""

    def __call__(self, labels: Rows, _table: pa.Table, /) -> Split:
        """Draw the test and validation parts; the rest trains."""
        test, val = self.draw(np.arange(len(labels)))
        return _split(len(labels), test, val)


@dataclass(frozen=True, kw_only=True)
class SkinToneSplitter(DrawnPictureSplitter):
    """Shares of the skin-tone variants whose base emoji, without any tone, is in the data and so in training.

    The test asks for a recombination of what was seen: this emoji, and that tone of another.
    """

    column: str = "emoji"

    def __call__(self, _labels: Rows, table: pa.Table, /) -> Split:
        """Draw the test and validation parts of the variants; the rest trains."""
        emoji = split_column(table, self.column).to_pylist()
        bases = [base_emoji(one) for one in emoji]
        untoned = {base for one, base in zip(emoji, bases, strict=True) if not has_skin_tone(one)}
        variants = [row for row, one in enumerate(emoji) if has_skin_tone(one) and bases[row] in untoned]
        test, val = self.draw(np.array(variants, dtype=np.int64))
        return _split(len(emoji), test, val)


@dataclass(frozen=True, kw_only=True)
class UnseenBaseSplitter(DrawnPictureSplitter):
    """Shares of the base emoji, each with all of its skin-tone variants: the harder, free split."""

    column: str = "emoji"

    def __call__(self, _labels: Rows, table: pa.Table, /) -> Split:
        """Draw base emoji for the test and validation parts; the rest trains."""
        bases = [base_emoji(one) for one in split_column(table, self.column).to_pylist()]
        names, numbers = np.unique(np.array(bases), return_inverse=True)
        test, val = self.draw(np.arange(len(names)))
        return _split(
            len(bases), np.flatnonzero(np.isin(numbers, test)), np.flatnonzero(np.isin(numbers, val))
        )


@dataclass(frozen=True, kw_only=True)
class AutomaticPictureSplitter(DrawnPictureSplitter):
    """`SkinToneSplitter` where a column ``emoji`` holds skin tones, else `RandomPictureSplitter`."""

    def __call__(self, labels: Rows, table: pa.Table, /) -> Split:
        """Split in the way that fits."""
        emoji = table.column("emoji").to_pylist() if "emoji" in table.column_names else ()
        kind = SkinToneSplitter if any(map(has_skin_tone, emoji)) else RandomPictureSplitter
        drawn = kind(val_fraction=self.val_fraction, test_fraction=self.test_fraction, seed=self.seed)
        return drawn(labels, table)


def base_emoji(emoji: str) -> str:
    """Return an emoji without its skin tones and variation selectors."""
    return "".join(sign for sign in emoji if sign not in SKIN_TONES and sign != _VARIATION_SELECTOR)


def has_skin_tone(emoji: str) -> bool:
    """Return whether an emoji has a skin tone."""
    return any(tone in emoji for tone in SKIN_TONES)


def _split(num_rows: int, test: Rows, val: Rows) -> Split:
    train = np.setdiff1d(np.arange(num_rows), np.concatenate([test, val]))
    if len(train) == 0:
        raise UserError("nothing is left to train on; see image_to_text.data.split")
    return Split(train, np.sort(val), np.sort(test))

"""What the report of a `VaeGan` has besides: samples, reconstructions, interpolations, the two-sample test.

Shapes: N pictures, C channels, S pixels to a side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from nested_lightning.app.data.splits import PartName
from nested_lightning.app.report.contents import Block, Picture, Pictures, SectionMaker, Table, Text
from nested_lightning.app.report.family_sections import SampleErrors
from nested_lightning.app.report.importance import MAX_ROWS, evenly, submodule_importance
from nested_lightning.app.report.scores import Resampling
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.data import VaeGanDataModule
from nested_lightning.app.vae_gan.grids import write_grid
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.predict import VaeGanPredictor, pictures_between
from nested_lightning.app.vae_gan.sample_quality import MAX_NEIGHBOURS, two_sample_accuracies

_NUM_COLUMNS, _NUM_SAMPLES = 10, 60
_MOST_DOMAINS = 12


@dataclass(kw_only=True, eq=False)
class VaeGanSections:
    """Sections on made pictures; see `FamilySections`."""

    model: VaeGan
    predictor: VaeGanPredictor
    datamodule: VaeGanDataModule

    def sections(self, part: PartName) -> Mapping[str, SectionMaker]:
        """Return what makes the sections."""
        return {
            "Samples": self._samples,
            "Reconstructions": partial(self._reconstructions, part),
            "Interpolations": partial(self._interpolations, part),
            "Two-sample test": partial(self._two_samples, part),
            "Importance": partial(self._importance, part),
        }

    def resampling(self, part: PartName) -> Resampling:
        """Return what scores some reconstructions; the other scores are of sets of new pictures.

        Drawing pictures twice would make these sets less diverse than they are, and so the scores worse.
        """
        errors = np.array(self.sample_errors(part).errors)
        return Resampling(
            num_samples=len(errors), score=lambda rows: {"reconstruction": float(errors[rows].mean())}
        )

    def sample_errors(self, part: PartName) -> SampleErrors:
        """Return the squared error of each picture's reconstruction."""
        real = self.datamodule.part(part)
        errors = self._rebuilt(real).sub(real.pictures).square().flatten(1).sum(dim=1)
        digests = [crc32(picture.numpy().tobytes()) for picture in real.pictures]
        samples = list(zip(real.domain.tolist(), digests, strict=True))
        return SampleErrors(samples=samples, errors=errors.tolist(), of="squared error of the reconstruction")

    def _samples(self) -> Sequence[Block]:
        made = self.predictor.sample(_NUM_SAMPLES)
        domains = ", ".join(self.predictor.data_spec.domains)
        note = f"Row by row, domains in turn: {domains}. The seed is 0, as that of predict --sample."
        return [_grid("New pictures", made.pictures, note=note)]

    @torch.inference_mode()
    def _rebuilt(self, real: PictureBatch) -> Tensor:
        model, size = self.model, self.predictor.batch_size
        batches = zip(real.pictures.split(size), real.domain.split(size), strict=True)
        return torch.cat([model(*(one.to(model.device) for one in batch)).cpu() for batch in batches])

    def _reconstructions(self, part: PartName) -> Sequence[Block]:
        real = self.datamodule.part(part)
        some = real[evenly(len(real), 2 * _NUM_COLUMNS)]
        note = f"{len(some)} of {len(real):,} pictures of the {part} part; below each its reconstruction."
        return [_grid("Originals and reconstructions", self._rebuilt(some), some.pictures, note=note)]

    def _interpolations(self, part: PartName) -> Sequence[Block]:
        real, names = self.datamodule.part(part), self.predictor.data_spec.domains
        rows = [(real.domain == index).nonzero()[:2, 0] for index in range(len(names))]
        pairs = [(index, own) for index, own in enumerate(rows) if len(own) == 2][:_MOST_DOMAINS]
        if not pairs:
            return [Text(text=f"No domain has two pictures in the {part} part.")]
        shares = torch.linspace(0, 1, _NUM_COLUMNS)
        ways = [
            pictures_between(self.model, real.pictures[own].split(1), index, shares) for index, own in pairs
        ]
        shown = ", ".join(names[index] for index, _ in pairs)
        note = f"A row for each domain, between its first two pictures of the {part} part: {shown}."
        return [_grid("From one picture to another", torch.cat(ways), note=note)]

    @torch.inference_mode()
    def _two_samples(self, part: PartName) -> Sequence[Block]:
        from scipy.stats import binomtest  # half a second, not before it is needed

        model, real = self.model, self.datamodule.part(part)[:MAX_NEIGHBOURS]
        made = model.sample(real.domain.to(model.device), torch.Generator().manual_seed(0)).cpu()
        of_real, of_made = two_sample_accuracies(real.pictures, made)
        num = 2 * len(real)
        p = binomtest(round((of_real + of_made) / 2 * num), num).pvalue
        return [
            Table(
                title=f"Nearest neighbours of {len(real):,} real pictures, {part} part, and as many made",
                columns=["", "share whose nearest neighbour is of its own kind"],
                rows=[["real", of_real], ["made", of_made], ["both", (of_real + of_made) / 2]],
                note="0.5: they can't be told apart; 1: they lie apart; below 0.5: made ones copy real ones."
                f" p = {p:.3g} in a binomial test against 0.5, which treats pictures as independent. One draw"
                " of made pictures; the scores are means of several.",
            )
        ]

    def _importance(self, part: PartName) -> Sequence[Block]:
        real = self.datamodule.part(part)
        some = real[evenly(len(real), MAX_ROWS // 4)]
        modules = {
            f"vaes.{name}.{half}": module
            for name, vae in self.model.vaes.items()
            for half, module in vae.named_children()
        }

        def score() -> dict[str, float]:
            errors = (self._rebuilt(some) - some.pictures).square().flatten(1).sum(dim=1)
            return {"reconstruction": float(errors.mean())}

        where = f"{part} part, {len(some):,} of {len(real):,} pictures"
        return submodule_importance(modules, score, where=where)


def _grid(title: str, pictures: Tensor, originals: Tensor | None = None, *, note: str) -> Pictures:
    below = None if originals is None else originals.numpy()
    content = write_grid(pictures.numpy(), below, num_columns=_NUM_COLUMNS, format_="png")
    return Pictures(title=title, pictures=[Picture(content=content, alt=f"{title}. {note}")], note=note)

"""Pictures by an exported model, without torch.

Shapes: N pictures, Z latent features.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.predicting import ExportedPredictor
from nested_lightning.app.exported.runtime import Array
from nested_lightning.app.vae_gan.answers import answer_files
from nested_lightning.app.vae_gan.desk import VaeGanDesk
from nested_lightning.app.vae_gan.picture_files import Floats
from nested_lightning.app.vae_gan.picture_maker import Indices, PictureMaker
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec


class ExportedVaeGan(ExportedPredictor, PictureMaker):
    """Makes pictures by an exported model.

    A seed gives other new pictures than the checkpoint does, since torch's noise is torch's own.
    """

    spec_type, desk_type = VaeGanDataSpec, VaeGanDesk
    answer = answer_files

    def _draw(self, domains: Indices, seed: int) -> Floats:
        """Return a new picture of each domain."""
        random = np.random.default_rng(seed)
        made = self._empty(len(domains))
        for vae, rows, members in self._shares(domains):
            if f"{vae}.prior" not in self.model.graphs:
                raise UserError(
                    f"{self.model.path}: the prior of '{vae}' is your own; the checkpoint knows it"
                )
            prior = self.model.graphs[f"{vae}.prior"]
            noise = random.standard_normal((len(rows), prior.graph.inputs[0].dims[1] or 1))
            (latent,) = prior(noise, members)
            made[rows] = self._decode(vae, latent, members, random)
        return made

    def _take_through(self, pictures: Any, domains: Indices) -> tuple[Floats, Floats]:
        """Return the reconstructions of pictures, and the pictures."""
        made = self._empty(len(domains))
        for vae, rows, members in self._shares(domains):
            (mean,) = self.model.graphs[f"{vae}.encoder"](pictures[rows], members)
            made[rows] = self._decode(vae, mean, members)
        return made, pictures

    def _classify(self, pictures: Any) -> list[int]:
        """Return which domain each picture is taken for."""
        starts = range(0, len(pictures), self.batch_size)
        parts = (pictures[start : start + self.batch_size] for start in starts)
        logits = (self.model.graphs["classifier"](part)[0] for part in parts)
        return [guess for each in logits for guess in each.argmax(axis=1).tolist()]

    def _between(self, ends: Sequence[Any], domain: int, shares: Floats) -> Floats:
        """Return pictures between two."""
        ((vae, _, member),) = self._shares(np.array([domain]))
        encoder = self.model.graphs[f"{vae}.encoder"]
        start, end = (encoder(picture, member)[0] for picture in ends)
        way = start + shares[:, np.newaxis] * (end - start)
        return self._decode(vae, way, member.repeat(len(shares)))

    def _decode(
        self, vae: str, latent: Array, members: Indices, random: np.random.Generator | None = None
    ) -> Array:
        """Return the picture of each latent vector, with noise where ``random`` draws it."""
        decoder = self.model.graphs[f"{vae}.decoder"]
        widths = [port.dims[1] or 1 for port in decoder.graph.inputs[2:]]  # of noise, where it takes some
        sizes = [(len(latent), width) for width in widths]
        noise = [np.zeros(size) if random is None else random.standard_normal(size) for size in sizes]
        (pictures,) = decoder(latent, members, *noise)
        return pictures

    def _empty(self, num_pictures: int) -> Floats:
        spec = self.data_spec
        return np.empty((num_pictures, spec.channels, spec.image_size, spec.image_size), dtype=np.float32)

    def _shares(self, domains: Indices) -> Iterator[tuple[str, Indices, Indices]]:
        """Yield the rows of each VAE, some at a time, and their domains' places in it."""
        for vae, own in self.data_spec.members.items():
            rows = np.flatnonzero(np.isin(domains, own))
            for start in range(0, len(rows), self.batch_size):
                some = rows[start : start + self.batch_size]
                yield vae, some, np.array([own.index(domain) for domain in domains[some].tolist()])

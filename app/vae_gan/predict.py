"""Pictures of a trained `VaeGan`: new ones, reconstructions, and ways from one to another.

Shapes: N pictures, C channels, S pixels to a side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from nested_lightning.app.answers import Predictor
from nested_lightning.app.arguments import Seed, checked_arguments
from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.tensors import require_finite
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.picture_files import decode_pictures, read_pictures
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec

MAX_SAMPLES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class MadePictures:
    """Pictures that a model made, with the domain of each.

    Attributes:
        pictures: [N, C, S, S], float32, from 0 to 1, on the CPU.
        domains: Names of the N domains.
        originals: [N, C, S, S], what was reconstructed; None: they are new.
    """

    pictures: Tensor
    domains: tuple[str, ...]
    originals: Tensor | None = None

    def __len__(self) -> int:
        return len(self.pictures)


class VaeGanPredictor(Predictor[VaeGan, VaeGanDataSpec]):
    """Makes pictures with a trained model; files are prepared as in its training."""

    @checked_arguments
    @torch.inference_mode()
    def sample(
        self,
        num_pictures: Annotated[int, Field(ge=1, le=MAX_SAMPLES)],
        *,
        domain: str | None = None,
        seed: Seed = 0,
    ) -> MadePictures:
        """Make new pictures.

        Args:
            num_pictures: N, from 1 to `MAX_SAMPLES`.
            domain: Of all of them; None: all domains in turn.
            seed: The same one gives the same pictures.

        Raises:
            UserError: The model knows no such domain, or gives numbers that aren't finite.
        """
        if domain is None:
            indices = torch.arange(num_pictures) % len(self.data_spec.domains)
        else:
            indices = torch.full((num_pictures,), self._find(domain))
        generator = torch.Generator().manual_seed(seed)
        made = [
            self.model.sample(batch.to(self.model.device), generator).cpu()
            for batch in indices.split(self.batch_size)
        ]
        return MadePictures(pictures=require_finite(torch.cat(made)), domains=self._names(indices))

    @checked_arguments
    def reconstruct(self, path: str | Path, *, domain: str | None = None) -> MadePictures:
        """Take a picture, or all in a folder, through their VAEs.

        Args:
            path: The picture or folder.
            domain: Of all pictures; None: what the name of a picture's sub-folder says, else what the
                model's classifier takes it for.

        Raises:
            UserError: There are no pictures that can be read, or the model knows no such domain.
        """
        pictures, paths = self._read(path)
        return self._rebuild(
            pictures, self._domains_of(pictures, [path.parent.name for path in paths], domain)
        )

    @checked_arguments
    def reconstruct_bytes(self, contents: Sequence[bytes], *, domain: str | None = None) -> MadePictures:
        """Take pictures that are given as the bytes of their files through their VAEs.

        Args:
            contents: At least one.
            domain: Of all pictures; None: what the model's classifier takes each for.

        Raises:
            UserError: One of them is no picture, or the model knows no such domain.
        """
        return self.rebuild(self.decode(contents), domain=domain)

    @checked_arguments
    def decode(self, contents: Sequence[bytes]) -> Tensor:
        """Return pictures that are given as the bytes of their files, [N, C, S, S], from 0 to 1.

        Raises:
            UserError: One of them is no picture, or there is none.
        """
        spec = self.data_spec
        return decode_pictures(contents, image_size=spec.image_size, channels=spec.channels)

    @checked_arguments
    def rebuild(self, pictures: Tensor, *, domain: str | None = None) -> MadePictures:
        """Take pictures that `decode` gave through their VAEs, as `reconstruct_bytes` does.

        Raises:
            UserError: The model knows no such domain.
        """
        return self._rebuild(pictures, self._domains_of(pictures, [""] * len(pictures), domain))

    @checked_arguments
    @torch.inference_mode()
    def interpolate(
        self,
        first: str | Path,
        last: str | Path,
        *,
        num_pictures: Annotated[int, Field(ge=2)] = 10,
        domain: str | None = None,
    ) -> MadePictures:
        """Go from one picture to another on a straight line between their latent vectors.

        Args:
            first: A picture.
            last: Another one of the same domain.
            num_pictures: N, at least 2, with the reconstructions of both.
            domain: Of both; None: see `reconstruct`.

        Raises:
            UserError: A picture can't be read, or they seem to be of two domains.
        """
        ends, indices = [], []
        for path in (first, last):
            pictures, paths = self._read(path)
            ends.append(pictures[0])
            indices.append(int(self._domains_of(pictures[:1], [paths[0].parent.name], domain)[0]))
        if indices[0] != indices[1]:
            names = [self.data_spec.domains[index] for index in indices]
            raise UserError(
                f"{first} seems to be of domain '{names[0]}' and {last} of '{names[1]}': there is a way only"
                " within one domain; name it with domain=NAME, or take other pictures"
            )
        return self.between(*ends, domain=self.data_spec.domains[indices[0]], num_pictures=num_pictures)

    @torch.inference_mode()
    def between(self, first: Tensor, last: Tensor, *, domain: str, num_pictures: int) -> MadePictures:
        """Go from one picture to another as `interpolate` does; both are [C, S, S], from 0 to 1.

        Raises:
            UserError: The model knows no such domain, or gives numbers that aren't finite.
        """
        index = torch.tensor([self._find(domain)], device=self.model.device)
        (share,) = self.model.routing(index)
        vae = self.model.vae(share.vae)
        start, end = (vae.encode(one[None].to(index.device), share.member) for one in (first, last))
        way = torch.lerp(start, end, torch.linspace(0, 1, num_pictures, device=start.device).unsqueeze(1))
        pictures = vae.decode(way, share.member.expand(num_pictures))
        return MadePictures(pictures=require_finite(pictures).cpu(), domains=(domain,) * num_pictures)

    def _read(self, path: str | Path) -> tuple[Tensor, list[Path]]:
        spec = self.data_spec
        return read_pictures(Path(path), image_size=spec.image_size, channels=spec.channels)

    @torch.inference_mode()
    def _rebuild(self, pictures: Tensor, indices: Tensor) -> MadePictures:
        device = self.model.device
        batches = zip(pictures.split(self.batch_size), indices.split(self.batch_size), strict=True)
        rebuilt = [self.model(some.to(device), domains.to(device)).cpu() for some, domains in batches]
        made = require_finite(torch.cat(rebuilt))
        return MadePictures(pictures=made, domains=self._names(indices), originals=pictures)

    @torch.inference_mode()
    def _domains_of(self, pictures: Tensor, folders: list[str], domain: str | None) -> Tensor:
        if domain is not None:
            return torch.full((len(pictures),), self._find(domain))
        names = self.data_spec.domains
        guessed = [
            guess
            for batch in pictures.split(self.batch_size)
            for guess in self.model.classifier(batch.to(self.model.device)).argmax(dim=1).tolist()
        ]
        indices = [
            names.index(folder) if folder in names else guess
            for folder, guess in zip(folders, guessed, strict=True)
        ]
        return torch.tensor(indices)

    def _find(self, domain: str) -> int:
        names = self.data_spec.domains
        if domain not in names:
            raise UserError(
                f"--domain {domain}: the model knows no such domain{did_you_mean(domain, names)} "
                f"(domains: {', '.join(names)})"
            )
        return names.index(domain)

    def _names(self, indices: Tensor) -> tuple[str, ...]:
        return tuple(self.data_spec.domains[index] for index in indices.tolist())

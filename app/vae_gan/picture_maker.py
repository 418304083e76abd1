"""New pictures, reconstructions, and ways from one to another, by torch or an exported model.

Shapes: N pictures, C channels, S pixels to a side.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, SkipValidation

from nested_lightning.app.arguments import Seed, checked_arguments
from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.pictures.decoding import decode_pictures
from nested_lightning.app.vae_gan.picture_files import Floats, read_pictures, square, to_floats
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec

Indices = npt.NDArray[np.int64]

MAX_SAMPLES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class MadePictures:
    """Pictures that a model made, with the name of the domain of each.

    Attributes:
        pictures: [N, C, S, S], float32, from 0 to 1: a tensor of torch's on the CPU, or an array
            where an exported model made them.
        originals: [N, C, S, S], what was reconstructed; None: they are new.
    """

    pictures: Any
    domains: tuple[str, ...]
    originals: Any = None

    def __len__(self) -> int:
        return len(self.pictures)


class PictureMaker(ABC):
    """Makes pictures with a trained model; files are prepared as in its training."""

    data_spec: VaeGanDataSpec

    @abstractmethod
    def _draw(self, domains: Indices, seed: int) -> Any:
        """Return a new picture of each domain, [N, C, S, S]."""

    @abstractmethod
    def _take_through(self, pictures: Any, domains: Indices) -> tuple[Any, Any]:
        """Return the reconstructions of pictures, each of its domain, and the pictures in the same form."""

    @abstractmethod
    def _classify(self, pictures: Any) -> list[int]:
        """Return which domain each picture is taken for."""

    @abstractmethod
    def _between(self, ends: Sequence[Any], domain: int, shares: Floats) -> Any:
        """Return pictures between two of [1, C, S, S], at shares of the way between their latent vectors."""

    @checked_arguments
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
            indices = np.arange(num_pictures) % len(self.data_spec.domains)
        else:
            indices = np.full(num_pictures, self._find(domain))
        return MadePictures(pictures=self._draw(indices, seed), domains=self._names(indices))

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

        Where no domain is named, it is what the model's classifier takes each for.

        Raises:
            UserError: One of them is no picture, or the model knows no such domain.
        """
        return self.rebuild(self.decode(contents), domain=domain)

    @checked_arguments
    def decode(self, contents: Sequence[bytes]) -> Floats:
        """Return pictures that are given as the bytes of their files, [N, C, S, S], from 0 to 1.

        Raises:
            UserError: One of them is no picture, or there is none.
        """
        spec = self.data_spec
        return to_floats(decode_pictures(contents, square(spec.image_size)), spec.channels)

    @checked_arguments
    def rebuild(self, pictures: SkipValidation[Any], *, domain: str | None = None) -> MadePictures:
        """Take pictures that `decode` gave through their VAEs, as `reconstruct_bytes` does.

        Raises:
            UserError: They are no such pictures, or the model knows no such domain.
        """
        shape = (self.data_spec.channels, *[self.data_spec.image_size] * 2)
        if len(getattr(pictures, "shape", ())) != 4 or not len(pictures) or pictures.shape[1:] != shape:
            wanted = f"[N, {', '.join(map(str, shape))}]"
            raise UserError(f"pictures must be float32 of {wanted}, as decode gives them")
        return self._rebuild(pictures, self._domains_of(pictures, [""] * len(pictures), domain))

    @checked_arguments
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
            ends.append(pictures[:1])
            indices.append(int(self._domains_of(pictures[:1], [paths[0].parent.name], domain)[0]))
        if indices[0] != indices[1]:
            names = [self.data_spec.domains[index] for index in indices]
            raise UserError(
                f"{first} seems to be of domain '{names[0]}' and {last} of '{names[1]}': there is a way only"
                " within one domain; name it with domain=NAME, or take other pictures"
            )
        return MadePictures(
            pictures=self._between(ends, indices[0], np.linspace(0, 1, num_pictures, dtype=np.float32)),
            domains=(self.data_spec.domains[indices[0]],) * num_pictures,
        )

    def _read(self, path: str | Path) -> tuple[Floats, list[Path]]:
        spec = self.data_spec
        return read_pictures(Path(path), image_size=spec.image_size, channels=spec.channels)

    def _rebuild(self, pictures: Any, indices: Indices) -> MadePictures:
        made, originals = self._take_through(pictures, indices)
        return MadePictures(pictures=made, domains=self._names(indices), originals=originals)

    def _domains_of(self, pictures: Any, folders: list[str], domain: str | None) -> Indices:
        if domain is not None:
            return np.full(len(pictures), self._find(domain))
        names = self.data_spec.domains
        return np.array(
            [
                names.index(folder) if folder in names else guess
                for folder, guess in zip(folders, self._classify(pictures), strict=True)
            ]
        )

    def _find(self, domain: str) -> int:
        names = self.data_spec.domains
        if domain not in names:
            raise UserError(
                f"domain={domain}: the model knows no such domain{did_you_mean(domain, names)} "
                f"(domains: {', '.join(names)})"
            )
        return names.index(domain)

    def _names(self, indices: Indices) -> tuple[str, ...]:
        return tuple(self.data_spec.domains[index] for index in indices.tolist())

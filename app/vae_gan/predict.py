"""Pictures of a trained `VaeGan`: new ones, reconstructions, and ways from one to another."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.answers import Predictor
from nested_lightning.app.tensors import require_finite
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.picture_files import Floats
from nested_lightning.app.vae_gan.picture_maker import Indices, PictureMaker
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec


class VaeGanPredictor(Predictor[VaeGan, VaeGanDataSpec], PictureMaker):
    """Makes pictures by torch, see `PictureMaker`."""

    @torch.inference_mode()
    def _draw(self, domains: Indices, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        made = [
            self.model.sample(batch.to(self.model.device), generator).cpu()
            for batch in torch.from_numpy(domains).split(self.batch_size)
        ]
        return require_finite(torch.cat(made))

    @torch.inference_mode()
    def _take_through(self, pictures: Any, domains: Indices) -> tuple[Tensor, Tensor]:
        device, originals = self.model.device, torch.as_tensor(pictures)
        indices = torch.from_numpy(domains)
        batches = zip(originals.split(self.batch_size), indices.split(self.batch_size), strict=True)
        rebuilt = [self.model(some.to(device), each.to(device)).cpu() for some, each in batches]
        return require_finite(torch.cat(rebuilt)), originals

    @torch.inference_mode()
    def _classify(self, pictures: Any) -> list[int]:
        return [
            guess
            for batch in torch.as_tensor(pictures).split(self.batch_size)
            for guess in self.model.classifier(batch.to(self.model.device)).argmax(dim=1).tolist()
        ]

    def _between(self, ends: Sequence[Any], domain: int, shares: Floats) -> Tensor:
        return pictures_between(self.model, [*map(torch.as_tensor, ends)], domain, torch.from_numpy(shares))


@torch.inference_mode()
def pictures_between(model: VaeGan, ends: Sequence[Tensor], domain: int, shares: Tensor) -> Tensor:
    """Return pictures on the straight line between the latent vectors of two, on the CPU.

    The ends are two pictures of a domain, by its number, each [1, C, S, S]; shares, [N], are how far the
    others lie from the first, from 0 to 1.

    Raises:
        UserError: The model gives numbers that aren't finite.
    """
    index = torch.tensor([domain], device=model.device)
    (share,) = model.routing(index)
    vae = model.vae(share.vae)
    start, end = (vae.encode(picture.to(index.device), share.member) for picture in ends)
    way = torch.lerp(start, end, shares.to(start).unsqueeze(1))
    return require_finite(vae.decode(way, share.member.expand(len(shares)))).cpu()

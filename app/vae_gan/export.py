"""What of a `VaeGan` is exported: each VAE's encoder, decoder and prior, and the classifier of domains.

Shapes: B pictures, C channels, S pixels to a side, Z latent features, W numbers of noise.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.exporting.exportable import Exportable, Exports, Graphed, Graphs, some_rows
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec


def exports_of(*, model: VaeGan, data_spec: VaeGanDataSpec, batches: Sequence[PictureBatch]) -> Exports:
    """Return the graphs; noise is an input of those that take some.

    The model is in evaluation mode, on the CPU; they are verified with the batches.
    """
    pictures = batches[0].pictures.float()
    sets = {case: one for case, (one,) in some_rows((pictures,)).items()}
    sets["black and white"] = torch.stack([torch.zeros_like(pictures[0]), torch.ones_like(pictures[0])])
    classifier = _graph(
        "classifier", model.classifier, ["pictures"], "logits", {k: (v,) for k, v in sets.items()}
    )
    parts = [part for name in data_spec.groups for part in _parts(name, model.vae(name), sets)]
    return Exports(graphs=[classifier, *parts])


def _parts(name: str, vae: Any, sets: Mapping[str, Tensor]) -> Iterator[Exportable]:
    """Yield the graphs of a VAE."""
    members = {case: torch.arange(len(one)) % vae.num_domains for case, one in sets.items()}
    yield _graph(
        f"{name}.encoder",
        _Method(vae, "encode"),
        ["pictures", "member"],
        "mean",
        {case: (one, members[case]) for case, one in sets.items()},
    )
    width = getattr(vae.decoder, "noise_features", 0)
    size = vae.sampler.out_features
    drawn = {case: torch.randn(len(one), size) for case, one in members.items()}
    noise = {case: [torch.randn(len(one), width)] * bool(width) for case, one in members.items()}
    yield _graph(
        f"{name}.decoder",
        _Method(vae, "decode"),
        ["latent", "member", *["noise"] * bool(width)],
        "pictures",
        {case: (one, members[case], *noise[case]) for case, one in drawn.items()},
    )
    if hasattr(vae.sampler, "prior"):  # one of the user's needn't have any
        yield _graph(
            f"{name}.prior",
            _Prior(*vae.sampler.prior()),
            ["noise", "member"],
            "latent",
            {case: (one, members[case]) for case, one in drawn.items()},
        )


def _graph(name: str, module: nn.Module, inputs: Sequence[str], output: str, cases: Any) -> Exportable:
    return Exportable(name=name, module=module, inputs=inputs, outputs=[output], cases=cases, root="vae_gan")


class _Method(nn.Module):
    """Calls a module by another name than ``forward``."""

    def __init__(self, module: nn.Module, method: str) -> None:
        super().__init__()
        self.module = module
        self._method = method

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return what the method gives."""
        result: Tensor = getattr(self.module, self._method)(*inputs)
        return result


class _Prior(nn.Module):
    """Makes latent vectors of new pictures of noise."""

    mean: Tensor
    factor: Tensor

    def __init__(self, mean: Tensor, factor: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.detach())
        self.register_buffer("factor", factor.detach().float().contiguous().clone())

    def forward(self, noise: Tensor, member: Tensor) -> Tensor:
        """Map standard normal noise of [B, Z] and domains within the VAE, int64 of [B], to [B, Z]."""
        return self.mean[member] + (self.factor[member] @ noise.unsqueeze(2)).squeeze(2)


def answer_by_graphs(model: Any, *, data_spec: VaeGanDataSpec, graphs: Graphs) -> None:
    """Let a copy of a model answer by its graphs, as `evaluate` asks it; the copy is changed."""
    for name in data_spec.groups:
        vae = model.vae(name)
        vae.encode = partial(_first, graphs[f"{name}.encoder"])
        vae.decode = partial(_decode, graphs[f"{name}.decoder"], getattr(vae.decoder, "noise_features", 0))


def _first(graph: Graphed, *inputs: Tensor) -> Tensor:
    return graph(*inputs)[0]


def _decode(
    graph: Graphed, width: int, latent: Tensor, member: Tensor, noise: Tensor | None = None
) -> Tensor:
    if width and noise is None:
        noise = latent.new_zeros(len(latent), width)
    return graph(latent, member, *([] if noise is None else [noise]))[0]

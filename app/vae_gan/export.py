"""What of a `VaeGan` is exported: each VAE's encoder, decoder and prior, and the classifier of domains.

Shapes: B pictures, C channels, S pixels to a side, Z latent features, W numbers of noise.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.exporting.exportable import Exportable, Exports, Graphed, Graphs, some_rows
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.model import VaeGan
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec


def exports_of(*, model: VaeGan, data_spec: VaeGanDataSpec, batches: Sequence[PictureBatch]) -> Exports:
    """Return the graphs, which are verified with the batches; noise is an input of those that take some."""
    pictures = batches[0].pictures.float()
    sets = {case: one for case, (one,) in some_rows((pictures,)).items()}
    sets["black and white"] = torch.stack([torch.zeros_like(pictures[0]), torch.ones_like(pictures[0])])
    classifier = _graph("classifier", model.classifier, "classifier", "logits", sets, pictures=sets)
    parts = [part for name in data_spec.groups for part in _parts(name, model.vae(name), sets)]
    return Exports(graphs=[classifier, *parts])


def _parts(name: str, vae: Any, sets: Mapping[str, Tensor]) -> Iterator[Exportable]:
    """Yield the graphs of a VAE."""
    place = f"vaes.{name}"
    member = {case: torch.arange(len(one)) % vae.num_domains for case, one in sets.items()}
    encode, decode = (lambda vae, *given: vae.encode(*given)), (lambda vae, *given: vae.decode(*given))
    yield _graph(f"{name}.encoder", vae, place, "mean", sets, call=encode, pictures=sets, member=member)

    def drawn(num_features: int) -> dict[str, Tensor]:
        return {case: torch.randn(len(one), num_features) for case, one in sets.items()}

    latent, width = drawn(vae.sampler.out_features), getattr(vae.decoder, "noise_features", 0)
    noise = {"noise": drawn(width)} if width else {}
    yield _graph(
        f"{name}.decoder", vae, place, "pictures", sets, call=decode, latent=latent, member=member, **noise
    )
    if hasattr(vae.sampler, "prior"):  # one of the user's needn't have any
        mean, factor = vae.sampler.prior()
        call = partial(_from_prior, mean.detach(), factor.detach().float().contiguous())
        yield _graph(f"{name}.prior", vae, place, "latent", sets, call=call, noise=latent, member=member)


def _graph(
    name: str,
    module: nn.Module,
    place: str,
    output: str,
    sets: Iterable[str],
    *,
    call: Callable[..., Any] = operator.call,
    **inputs: Mapping[str, Tensor],
) -> Exportable:
    """Return a graph, by what it is given in each of the cases."""
    cases = {case: tuple(one[case] for one in inputs.values()) for case in sets}
    root = f"vae_gan.{place}"
    return Exportable(
        name=name, module=module, inputs=[*inputs], outputs=[output], cases=cases, root=root, call=call
    )


def _from_prior(mean: Tensor, factor: Tensor, _: nn.Module, noise: Tensor, member: Tensor) -> Tensor:
    """Map standard normal noise of [B, Z] and domains within the VAE, int64 of [B], to [B, Z]."""
    return mean[member] + (factor[member] @ noise.unsqueeze(2)).squeeze(2)


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

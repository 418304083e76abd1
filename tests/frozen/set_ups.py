"""The set-ups that are frozen: each family as it ships, its presets, and small trainings of its own data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning import ApplicationSettings, bootstrap, find_family, load_settings, unchecked

FAMILIES = ("multi-feature", "image-to-text", "variant", "vae-gan")

TRAINED = Path(__file__).parent / "trained"
"""Run folders that an earlier version wrote, each with the data and the settings of its training."""

SMALL = Path("small.yaml")
"""Settings that train in a moment; the path of the data in them is relative to the file's folder."""


class NarrowHead(nn.Module):
    """Takes five features, however many it is given."""

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(5, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


def build_forgetful_sgd(params: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Return an optimiser without the last parameter."""
    return torch.optim.SGD(list(params)[:-1], lr=0.1)


def _nothing() -> dict[str, Any]:
    return {}


def _instead(path: str, make: Callable[[], Any]) -> Callable[[], dict[str, Any]]:
    return lambda: {path: unchecked(make(), because="its faults are what the check is to find")}


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """What a model is made by.

    Attributes:
        family: Name of the family.
        preset: Name of a preset; None: none.
        is_small: Whether it begins with the family's small settings, and has to be made in their folder.
        assignments: What ``--set`` would be given.
        overrides: Makes what takes the places of providers.
        is_slow: Whether it takes more than some seconds to make.
    """

    family: str
    preset: str | None = None
    is_small: bool = True
    assignments: Sequence[str] = ()
    overrides: Callable[[], Mapping[str, Any]] = _nothing
    is_slow: bool = False

    @property
    def folder(self) -> Path:
        """Where the small settings lie."""
        return TRAINED / self.family

    def settings(self, *more: str) -> ApplicationSettings:
        """Return the settings, with more assignments above them."""
        return load_settings(
            model=self.family,
            presets=[] if self.preset is None else [self.preset],
            config=SMALL if self.is_small else None,
            assignments=[*self.assignments, *more],
        )

    def application(self, *more: str) -> Any:
        """Return the container, with more assignments above the settings."""
        return bootstrap(self.settings(*more), overrides=self.overrides())


def as_they_ship(family: str) -> dict[str, SetUp]:
    """Return the family's defaults and each of its presets, by name, on the data that ship."""
    presets: tuple[str | None, ...] = (None, *find_family(family).presets)
    return {
        preset or "defaults": SetUp(
            family=family, preset=preset, is_small=False, is_slow=family == "variant"
        )  # variant reads the sources of Python's own library
        for preset in presets
    }


VARIATIONS: Mapping[str, Mapping[str, SetUp]] = {
    "multi-feature": {
        "small": SetUp(family="multi-feature"),
        "frozen-extractor": SetUp(
            family="multi-feature",
            assignments=[
                "multi_feature.combiner.kind=attention",
                "multi_feature.feature_extractors.kar.kind=residual",
                "multi_feature.feature_extractors.kar.out_features=4",
                "submodules={multi_feature.head: {lr: 0.5}}",
                "submodules={multi_feature.feature_extractors.kar: {freeze: true}}",
            ],
        ),
        "overridden": SetUp(
            family="multi-feature",
            overrides=_instead("multi_feature.feature_extractors.kar", lambda: nn.Linear(3, 4)),
        ),
    },
    "image-to-text": {
        "small": SetUp(family="image-to-text"),
        "attention": SetUp(
            family="image-to-text",
            assignments=[
                "image_to_text.bridge.kind=attention",
                "image_to_text.text_decoder.kind=transformer",
                "image_to_text.generation.kind=beam",
                "submodules={image_to_text.image_encoder: {freeze: true}}",
            ],
        ),
    },
    "variant": {
        "small": SetUp(family="variant"),
        "original-small": SetUp(family="variant", preset="original"),
        "trunk": SetUp(
            family="variant",
            assignments=[
                "variant.trunk.kind=lstm",
                "variant.balance.kind=uncertainty",
                "variant.variants.moods.decoder.kind=linear",
                "variant.variants.points.is_frozen=true",
                "variant.variants.letters.loss.kind=focal",
            ],
        ),
    },
    "vae-gan": {
        "small": SetUp(family="vae-gan"),
        "one-discriminator-each": SetUp(
            family="vae-gan",
            assignments=[
                "vae_gan.is_discriminator_shared=false",
                "vae_gan.data.grouping={kind: each_alone}",
                "vae_gan.vaes.ring.sampler.latent_features=5",
            ],
        ),
    },
}
"""Sound models by family and name."""

BROKEN: Mapping[str, Mapping[str, SetUp]] = {
    "multi-feature": {
        "unequal-widths": SetUp(
            family="multi-feature",
            assignments=[
                "multi_feature.combiner.kind=gated_sum",
                "multi_feature.feature_extractors.kar.out_features=3",
            ],
        ),
        "unknown-names": SetUp(
            family="multi-feature",
            assignments=[
                "multi_feature.feature_extractors.kra.out_features=3",
                "submodules={multi_feature.hed: {lr: 0.1}}",
            ],
        ),
        "narrow-head": SetUp(
            family="multi-feature", overrides=_instead("multi_feature.head", lambda: NarrowHead)
        ),
        "narrow-extractor": SetUp(
            family="multi-feature",
            overrides=_instead("multi_feature.feature_extractors.kar", lambda: nn.Linear(7, 4)),
        ),
        "no-data": SetUp(family="multi-feature", assignments=["multi_feature.data.label=shap"]),
    },
    "image-to-text": {
        "unknown-policy": SetUp(
            family="image-to-text", assignments=["submodules={image_to_text.brigde: {freeze: true}}"]
        ),
        "forgetful-optimizer": SetUp(
            family="image-to-text", overrides=_instead("image_to_text.optimizer", lambda: build_forgetful_sgd)
        ),
        "narrow-bridge": SetUp(
            family="image-to-text", overrides=_instead("image_to_text.bridge", lambda: NarrowHead)
        ),
    },
    "variant": {
        "unknown-variant": SetUp(
            family="variant", assignments=["variant.variants.lettres.decoder.kind=linear"]
        ),
        "unknown-policy": SetUp(
            family="variant", assignments=["submodules={variant.decoders.poits: {freeze: true}}"]
        ),
        "narrow-adapter": SetUp(
            family="variant", overrides=_instead("variant.adapters.points", lambda: nn.Linear(4, 6))
        ),
        "narrow-trunk": SetUp(family="variant", overrides=_instead("variant.trunk", lambda: nn.Linear(5, 5))),
        "wrong-adapter": SetUp(
            family="variant", assignments=["variant.variants.letters.adapter.kind=projection"]
        ),
    },
    "vae-gan": {
        "unknown-vae": SetUp(family="vae-gan", assignments=["vae_gan.vaes.rign.sampler.latent_features=5"]),
        "unknown-policy": SetUp(
            family="vae-gan", assignments=["submodules={vae_gan.vaes.dot.encodr: {freeze: true}}"]
        ),
        "narrow-decoder": SetUp(
            family="vae-gan", overrides=_instead("vae_gan.vaes.dot.decoder", lambda: nn.Linear(7, 36))
        ),
    },
}
"""Models with faults by family and name."""

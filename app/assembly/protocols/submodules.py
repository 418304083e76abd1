"""Protocols of submodules of every family but variant, whose are in `app.assembly.protocols.sequences`.

Shapes: B samples of a batch, F features, L steps of a sequence, C classes. See `app.submodules` for more.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from nested_lightning.app.assembly.protocols.declaring import instance_of


@instance_of(nn.Module)
class FeatureExtractor(Protocol):
    """One group of features in, one vector out.

    Of pictures ``in_features`` is the number of channels, of texts that of different words, of sequences that
    of a step's numbers.
    """

    out_features: int

    def __init__(
        self, *, in_features: int, picture_size: int = 0, max_length: int = 0, num_steps: int = 0
    ) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Map a group's rows to [B, out_features].

        They are float of [B, in_features]; pictures, float of [B, in_features, picture_size, picture_size];
        ids of words, int32 of [B, max_length]; or steps, float of [B, num_steps, in_features].
        """


@instance_of(nn.Module)
class Combiner(Protocol):
    """The groups' vectors in, one vector out."""

    out_features: int

    def __init__(self, *, in_features: Mapping[str, int]) -> None: ...

    def forward(self, vectors: Sequence[Tensor], presence: Tensor | None) -> Tensor:
        """Map one vector of [B, F] for each group, and [B, groups] or None, to [B, out_features]."""


@instance_of(nn.Module)
class Head(Protocol):
    """One vector in, what an objective needs out, e.g. a logit for each class."""

    def __init__(self, *, in_features: int, out_features: int) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, in_features] to [B, out_features]."""


@instance_of(nn.Module)
class Objective(Protocol):
    """What a composite learns to say of rows: the loss of a head's outputs, and what they mean."""

    out_features: int

    def __init__(self, *, target: Any) -> None: ...

    def forward(self, outputs: Tensor, target: Any) -> Tensor:
        """Map outputs of [B, out_features], and what is true of B rows, to the loss of each row, [B]."""

    def row_weights(self, target: Any) -> Tensor | None:
        """Return what each row counts in the mean loss, [B], or None."""

    def decode(self, outputs: Tensor) -> Any:
        """Return what outputs of [B, out_features] say, as `scores` and `predictions` take it."""

    def scores(self, answers: Any, target: Any) -> Mapping[str, Tensor]:
        """Return scores by name, each a scalar, of all rows of a part."""

    def baseline_scores(self, target: Any) -> Mapping[str, Tensor]:
        """Return the same of the best answer that is the same for all rows."""

    def predictions(self, answers: Any) -> Any:
        """Return rows with names and units, see `app.multi_feature.objectives.predictions`."""

    def report(self, answers: Any, target: Any) -> Any:
        """Return an `app.evaluation_report.EvaluationReport` of all rows of a part."""


@instance_of(nn.Module)
class ImageEncoder(Protocol):
    """Pictures in, a grid of features out."""

    out_features: int
    out_positions: int

    def __init__(self, *, in_features: int, picture_size: int) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, in_features, S, S] to [B, out_features, h, w], where h × w is ``out_positions``."""


@instance_of(nn.Module)
class Bridge(Protocol):
    """The grid of a picture in, what a decoder is given of it out."""

    out_features: int
    role: str

    def __init__(self, *, in_features: int, in_positions: int) -> None: ...

    def forward(self, grid: Tensor) -> Tensor:
        """Map [B, in_features, h, w] to [B, out_features], or [B, h × w, out_features] for attention."""


@instance_of(nn.Module)
class TextDecoder(Protocol):
    """The tokens so far and a picture in, logits of the next token out.

    Where the vocabulary is that of the decoder's own tokenizer, ``token_ids`` says which id each token has
    there, -1 for none, and ``max_length`` how many tokens the longest caption has.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        role: str,
        token_ids: Sequence[int] = (),
        max_length: int = 0,
    ) -> None: ...

    def start(self, context: Tensor) -> tuple[Tensor, ...]:
        """Return the state in which a caption begins; the first dimension of each tensor is the caption's."""

    def forward(self, tokens: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Map tokens of [B, T] and a state to logits of [B, T, out_features] and the state after."""


@instance_of(nn.Module)
class Normalization(Protocol):
    """Pictures of 0 to 255 in, normalised ones out."""

    def __init__(self, *, mean: Sequence[float], scale: Sequence[float]) -> None: ...

    def forward(self, pictures: Tensor) -> Tensor:
        """Map [B, 3, S, S] to the same shape."""


class Augmentation(Protocol):
    """Changes the pictures of a training batch at random."""

    def __call__(self, pictures: Tensor) -> Tensor:
        """Map [B, 3, S, S] to the same shape."""


@instance_of(nn.Module)
class PictureEncoder(Protocol):
    """A picture in, one vector out."""

    out_features: int

    def __init__(self, *, channels: int, image_size: int, condition_features: int) -> None: ...

    def forward(self, pictures: Tensor, condition: Tensor) -> Tensor:
        """Map [B, channels, S, S] and [B, condition_features] to [B, out_features]."""


@instance_of(nn.Module)
class LatentSampler(Protocol):
    """Features in, a distribution of latent vectors out; and what new ones are drawn from."""

    out_features: int

    def __init__(self, *, in_features: int, num_domains: int) -> None: ...

    def forward(self, features: Tensor, member: Tensor) -> Any:
        """Map [B, in_features] and [B], int64, to an `app.submodules.latent_samplers.Posterior`."""

    def draw(self, member: Tensor, *, generator: torch.Generator | None) -> Tensor:
        """Return new latent vectors, [B, out_features]."""


@instance_of(nn.Module)
class PictureDecoder(Protocol):
    """A latent vector in, a picture out."""

    def __init__(
        self, *, in_features: int, channels: int, image_size: int, condition_features: int
    ) -> None: ...

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Map [B, in_features] and [B, condition_features] to [B, channels, S, S] from 0 to 1."""


@instance_of(nn.Module)
class Vae(Protocol):
    """A variational autoencoder of pictures."""

    def __init__(
        self, *, encoder: nn.Module, sampler: nn.Module, decoder: nn.Module, num_domains: int
    ) -> None: ...

    def forward(self, pictures: Tensor, member: Tensor, *, has_samples: bool) -> Any:
        """Map [B, C, S, S] and [B], int64, to an `app.submodules.vae.VaeOutput`."""

    def encode(self, pictures: Tensor, member: Tensor) -> Tensor:
        """Return the mean of the latent vector of each picture."""

    def decode(self, latent: Tensor, member: Tensor) -> Tensor:
        """Return the picture of each latent vector."""

    def sample(self, member: Tensor, *, generator: torch.Generator | None) -> Tensor:
        """Return new pictures of the domains of ``member``."""


@instance_of(nn.Module)
class Discriminator(Protocol):
    """A picture and its domain in, a logit out, and the features that it was judged by."""

    def __init__(self, *, channels: int, image_size: int, num_domains: int) -> None: ...

    def forward(self, pictures: Tensor, domain: Tensor) -> tuple[Tensor, Tensor]:
        """Map [B, channels, S, S] and [B], int64, to logits of [B] and features of [B, F]."""


@instance_of(nn.Module)
class PictureClassifier(Protocol):
    """Classifies pictures, and gives the features in which the quality of samples is measured."""

    is_fitted: Any

    def __init__(self, *, channels: int, image_size: int, num_domains: int) -> None: ...

    def forward(self, pictures: Tensor) -> Tensor:
        """Map [B, channels, S, S] to logits of the domains."""

    def features(self, pictures: Tensor) -> Tensor:
        """Map [B, channels, S, S] to [B, F]."""

    def fit(self, pictures: Tensor, domain: Tensor) -> None:
        """Learn the domains of the training pictures."""

"""Captions of pictures by a trained `ImageToText`."""

import math
from collections.abc import Callable
from typing import Any

import torch
from typing_extensions import override

from nested_lightning.app.answers import Predictor
from nested_lightning.app.image_to_text.captioner import Caption, Captioner
from nested_lightning.app.image_to_text.generation.beam import BeamSearch
from nested_lightning.app.image_to_text.generation.sampling import NucleusSampling
from nested_lightning.app.image_to_text.generation.search import GeneratedTokens, Generation
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.image_to_text.vocabulary import Vocabulary
from nested_lightning.app.tensors import require_finite


class ImageToTextPredictor(Predictor[ImageToText, ImageToTextDataSpec], Captioner):
    """Writes captions by torch.

    Args:
        beam_search: Makes a beam search.
        nucleus_sampling: Makes a search that draws.
        **options: See `Predictor`.
    """

    def __init__(
        self,
        *,
        beam_search: Callable[..., Generation] = BeamSearch,
        nucleus_sampling: Callable[..., Generation] = NucleusSampling,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._beam_search, self._nucleus_sampling = beam_search, nucleus_sampling

    @property
    def generation(self) -> Generation:
        """How the model was set to write in training."""
        return self.model.generation

    @override
    def generation_for(
        self,
        *,
        beam: int | None = None,
        top_p: float | None = None,
        length_penalty: float = 0.0,
        temperature: float = 1.0,
        seed: int = 0,
    ) -> Generation | None:
        if beam is not None:
            return self._beam_search(num_beams=beam, length_penalty=length_penalty, keeps_all=True)
        if top_p is not None:
            return self._nucleus_sampling(top_p=top_p, temperature=temperature, seed=seed)
        return None

    @torch.inference_mode()
    def _write(self, pictures: Any, generation: Generation | None) -> list[Caption]:
        found = self.model.generate(torch.as_tensor(pictures).to(self.model.device), generation)
        require_finite(found.log_probabilities)
        return _captions(found, self.data_spec.vocabulary)


def _captions(found: GeneratedTokens, vocabulary: Vocabulary) -> list[Caption]:
    kept = [_captions(one, vocabulary) for one in found.alternatives]
    scored = zip(found.tokens.tolist(), found.log_probabilities.tolist(), strict=True)
    return [
        Caption(
            text=vocabulary.decode(tokens),
            log_probability=score,
            alternatives=tuple(one[i] for one in kept if one[i].log_probability > -math.inf),
        )
        for i, (tokens, score) in enumerate(scored)
    ]

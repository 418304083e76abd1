"""Captions of pictures by a trained `ImageToText`."""

import math
from typing import Any

import torch

from nested_lightning.app.answers import Predictor
from nested_lightning.app.image_to_text.captioner import Caption, Captioner
from nested_lightning.app.image_to_text.generation.search import GeneratedTokens, Generation
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.image_to_text.vocabulary import Vocabulary
from nested_lightning.app.tensors import require_finite


class ImageToTextPredictor(Predictor[ImageToText, ImageToTextDataSpec], Captioner):
    """Writes captions by torch."""

    @property
    def generation(self) -> Generation:
        """How the model was set to write in training."""
        return self.model.generation

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

"""Captions of pictures by an exported model, without torch.

Shapes: N pictures, V tokens in the vocabulary.
"""

from typing import Any

import numpy as np
from pydantic import BaseModel
from typing_extensions import override

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.predicting import ExportedPredictor
from nested_lightning.app.exported.runtime import Array, ExportedModel
from nested_lightning.app.image_to_text.answers import answer_files
from nested_lightning.app.image_to_text.captioner import Caption, Captioner
from nested_lightning.app.image_to_text.desk import ImageToTextDesk
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec


class ExportedImageToText(ExportedPredictor, Captioner):
    """Writes captions by an exported model, the most probable token at each step.

    Raises:
        UserError: The data spec is damaged, or nothing says how the step is repeated.
    """

    spec_type, desk_type = ImageToTextDataSpec, ImageToTextDesk
    answer = answer_files
    generation = None

    def __init__(self, *, model: ExportedModel, batch_size: int = 64) -> None:
        super().__init__(model=model, batch_size=batch_size)
        if model.manifest.loop is None:
            raise UserError(f"{model.path}: its manifest doesn't say how the step is repeated")
        self._loop = model.manifest.loop
        self._first, self._step = (model.graphs[name] for name in (self._loop.first, self._loop.step))

    @override
    def generation_for(self, *, beam: int | None = None, top_p: float | None = None, **options: Any) -> None:
        for option, value in (("beam", beam), ("top_p", top_p)):
            if value is not None:
                said = "an exported model takes the most probable token; use the checkpoint for others"
                raise UserError(f"{option}: {said}")

    @override
    def desk(self, options: type[BaseModel]) -> ImageToTextDesk:
        return ImageToTextDesk(predictor=self, options=options)

    def _write(self, pictures: Any, generation: Any) -> list[Caption]:
        """Write a caption for each picture of a batch, see `Captioner`."""
        del generation
        tokens, scores = self._tokens(np.asarray(pictures))
        decode = self.data_spec.vocabulary.decode
        return [
            Caption(text=decode(row), log_probability=score)
            for row, score in zip(tokens.tolist(), scores.tolist(), strict=True)
        ]

    def _tokens(self, pictures: Array) -> tuple[Array, Array]:
        """Return the tokens of N captions, and their log-probabilities, as `OneByOneSearch` does."""
        loop, state = self._loop, self._first(pictures)
        tokens = np.full((len(pictures), loop.max_length), loop.pad)
        scores = np.zeros(len(pictures), dtype=np.float32)
        going_on, last = np.arange(len(pictures)), np.full(len(pictures), loop.begin)
        for place in range(loop.max_length):
            is_said = loop.is_begun and place == 0
            log_probabilities, *state = state if is_said else self._step(last, *state)
            last = log_probabilities.argmax(axis=1)
            tokens[going_on, place] = last
            scores[going_on] += np.take_along_axis(log_probabilities, last[:, np.newaxis], axis=1)[:, 0]
            is_open = last != loop.end
            going_on, last, state = going_on[is_open], last[is_open], [each[is_open] for each in state]
            if not len(going_on):
                break
        return tokens, scores

"""Captions over HTTP: pictures in, as a form or one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from nested_lightning.app.image_to_text.captioner import Caption, Captioner, Pictures
from nested_lightning.app.serving.desk import Answer, Asked, Description, Limits, Part, split_answers
from nested_lightning.app.serving.forms import FORM, PICTURES, form_schema, read_as
from nested_lightning.app.serving.pictures import ANY_PICTURE, check_pictures, sample_picture, sent_pictures
from nested_lightning.app.serving.problems import unprocessable

if TYPE_CHECKING:
    from nested_lightning.app.image_to_text.generation.search import Generation

_NOT_HERE = "skip_bad"
"""The option of ``predict`` that a request has not: a picture that can't be read is a mistake."""


@dataclass(frozen=True, kw_only=True)
class _Pictures:
    """Pictures of a request, with the names that it has for them, and how their captions are written."""

    pictures: Pictures
    names: Sequence[str | None]
    generation: Generation | None


class ImageToTextDesk:
    """Writes captions.

    Args:
        predictor: The model.
        options: What ``predict`` takes, `settings.image_to_text.CaptionOptions`.
    """

    def __init__(self, *, predictor: Captioner, options: type[BaseModel]) -> None:
        self._predictor, self._options = predictor, options

    def describe(self, limits: Limits) -> Description:
        """Describe requests and answers."""
        one = {"caption": {"type": "string"}, "log_probability": {"type": "number", "maximum": 0}}
        beams = {"type": "array", "items": {"type": "object", "properties": one}}
        options = self._options.model_json_schema()["properties"]
        told = {"picture": {"type": ["string", "null"]}, **one, "beams": beams}
        return Description(
            inputs={"pictures": True},
            answers={"kind": "caption"},
            bodies={FORM: form_schema(PICTURES), ANY_PICTURE: {"type": "string", "format": "binary"}},
            answer={"type": "object", "properties": told, "required": [*one]},
            options={name: schema for name, schema in options.items() if name != _NOT_HERE},
        )

    def read(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        """Return the pictures, decoded; see `Desk`."""
        if _NOT_HERE in asked.options:
            raise unprocessable("there is no such option", field=_NOT_HERE)
        options = read_as(self._options, asked.options)
        uploads = check_pictures(sent_pictures(asked), limits)
        pictures = self._predictor.decode([one.content for one in uploads])
        names = [one.name or None for one in uploads]
        return self._parts(pictures, names, options, limits)

    def compute(self, contents: Sequence[_Pictures]) -> Sequence[Sequence[Answer]]:
        """Return a caption for each picture."""
        pictures = np.concatenate([each.pictures for each in contents])
        captions = self._predictor.predict(pictures, generation=contents[0].generation)
        names = [name for each in contents for name in each.names]
        answers = [{"picture": name, **_told(one)} for name, one in zip(names, captions, strict=True)]
        return split_answers(answers, (len(each.names) for each in contents))

    def example(self, limits: Limits) -> Sequence[Part]:
        """Return a grey picture."""
        return self._parts(self._predictor.decode([sample_picture()]), [None], self._options(), limits)

    def _parts(
        self, pictures: Pictures, names: Sequence[str | None], options: Any, limits: Limits
    ) -> Sequence[Part]:
        generation = self._predictor.generation_for(**options.model_dump(exclude={_NOT_HERE}))
        weight = options.beam or 1  # captions of a picture at once
        used = generation or self._predictor.generation
        if getattr(used, "is_drawn", False):  # what is drawn depends on what is drawn together
            content = _Pictures(pictures=pictures, names=names, generation=generation)
            return [Part(content=content, num_rows=len(names))]
        size = max(1, limits.max_batch_size // weight)
        return [
            Part(
                content=_Pictures(
                    pictures=pictures[start : start + size],
                    names=names[start : start + size],
                    generation=generation,
                ),
                num_rows=len(names[start : start + size]),
                weight=weight * len(names[start : start + size]),
                key=("captions", options.beam, options.length_penalty),
            )
            for start in range(0, len(names), size)
        ]


def _told(caption: Caption) -> Mapping[str, Any]:
    one = {"caption": caption.text, "log_probability": caption.log_probability}
    beams = [_told(each) for each in caption.alternatives]
    return {**one, "beams": beams} if beams else one

"""A user's files, captioned by an `ImageToText`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nested_lightning.app.answers import Answers, to_utf8
from nested_lightning.app.image_to_text.captioner import Caption, Captioner, PictureCaption
from nested_lightning.app.record_files import record_writers


def answer_files(
    predictor: Captioner, *, files: Sequence[Path], skip_bad: bool = False, **options: Any
) -> Answers:
    """Write a caption for each of ``files``, pictures and folders of pictures.

    Takes the options of ``predict``, see `Captioner.generation_for`.

    Raises:
        UserError: A picture can't be read.
    """
    generation = predictor.generation_for(**options)
    captions = predictor.predict_paths(files, generation=generation, skip_bad=skip_bad)
    return Answers(
        noun="captions",
        count=len(captions),
        writers={
            "text": lambda: to_utf8(_to_text(captions)),
            **record_writers([*map(_record, captions)], flat=[row for one in captions for row in _rows(one)]),
        },
    )


def _to_text(captions: Sequence[PictureCaption]) -> str:
    lines = []
    for one in captions:
        beams = [f"{beam.text}  {beam.log_probability:.3f}" for beam in one.alternatives]
        lines += [f"{one.picture}: {text}\n" for text in beams or [one.text]]
    return "".join(lines)


def _record(one: PictureCaption) -> dict[str, Any]:
    beams = {"beams": [*map(_answer, one.alternatives)]} if one.alternatives else {}
    return {"picture": one.picture, **_answer(one), **beams}


def _rows(one: PictureCaption) -> Iterator[dict[str, Any]]:
    """Yield a row for each beam; where none was kept, one for the picture."""
    for number, beam in enumerate(one.alternatives, start=1):
        yield {"picture": one.picture, "beam": number, **_answer(beam)}
    if not one.alternatives:
        yield {"picture": one.picture, **_answer(one)}


def _answer(caption: Caption) -> dict[str, Any]:
    return {"caption": caption.text, "log_probability": np.float32(caption.log_probability)}

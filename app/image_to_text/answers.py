"""Files of a user's, captioned by an `ImageToText`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from nested_lightning.app.answers import Answers, to_utf8
from nested_lightning.app.image_to_text.generation.search import Generation
from nested_lightning.app.image_to_text.predict import (
    ImageToTextPredictor,
    PictureCaption,
    captions_to_csv,
    captions_to_json,
)


def answer_files(
    predictor: ImageToTextPredictor,
    beam_search: Callable[..., Generation],
    nucleus_sampling: Callable[..., Generation],
    *,
    files: Sequence[Path],
    beam: int | None = None,
    length_penalty: float = 0.0,
    top_p: float | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    skip_bad: bool = False,
) -> Answers:
    """Write a caption for each of ``files``, pictures and folders of pictures.

    Takes the options of ``predict``, see `settings.image_to_text.CaptionOptions`, and what makes a beam
    search and a search that draws; without ``beam`` and ``top_p`` it is as the model was set in training.

    Raises:
        UserError: A picture can't be read.
    """
    generation = None
    if beam is not None:
        generation = beam_search(num_beams=beam, length_penalty=length_penalty)
    elif top_p is not None:
        generation = nucleus_sampling(top_p=top_p, temperature=temperature, seed=seed)
    captions = predictor.predict_paths(files, generation=generation, skip_bad=skip_bad)
    return Answers(
        noun="captions",
        count=len(captions),
        writers={
            "text": lambda: to_utf8(_to_text(captions)),
            "csv": lambda: to_utf8(captions_to_csv(captions)),
            "json": lambda: to_utf8(captions_to_json(captions)),
        },
    )


def _to_text(captions: Sequence[PictureCaption]) -> str:
    return "".join(f"{one.picture}: {one.text}\n" for one in captions)

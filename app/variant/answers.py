"""Files of a user's, labelled by a `VariantModel`: texts, pictures, and lines of sequences."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nested_lightning.app.answers import Answers, MarkedText, to_utf8
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import file_or_folder
from nested_lightning.app.pictures.listing import is_picture
from nested_lightning.app.variant.predict import SequencePrediction, VariantPredictor
from nested_lightning.app.variant.sources.digit_pictures import list_digit_pictures, read_digit_pictures
from nested_lightning.app.variant.sources.fields import read_inputs
from nested_lightning.app.variant.sources.python import read_python
from nested_lightning.app.variant.sources.records import RawSequence
from nested_lightning.app.variant.sources.rows import SUFFIXES, holds_rows, read_rows
from nested_lightning.app.variant.spec import VariantSpec

DIGIT_WIDTH = 64


@dataclass(frozen=True, kw_only=True)
class LabelledSequence:
    """A sequence of a file and what the model says of it.

    Attributes:
        name: The file, and the line where it holds several sequences.
        variant: Name of the variant.
        inputs: The sequence as it was read.
        has_step_labels: Whether each step is labelled, rather than the sequence.
        prediction: Classes and their probabilities.
    """

    name: str
    variant: str
    inputs: RawSequence
    has_step_labels: bool
    prediction: SequencePrediction

    def to_dict(self) -> dict[str, Any]:
        """Return plain data: spans of one class for a text, else labels with their probabilities."""
        plain: dict[str, Any] = {"file": self.name, "variant": self.variant}
        if isinstance(self.inputs, str) and self.has_step_labels:
            spans = self.prediction.spans()
            plain["spans"] = [
                {"start": start, "stop": stop, "label": label, "text": self.inputs[start:stop]}
                for start, stop, label in spans
            ]
            return plain
        confidences = [round(confidence, 6) for confidence in self.prediction.confidences]
        if self.has_step_labels:
            return plain | {"labels": self.prediction.classes, "confidences": confidences}
        return plain | {"label": self.prediction.classes[0], "confidence": confidences[0]}


def answer_files(
    predictor: VariantPredictor, *, files: Sequence[Path], variant: str | None = None
) -> Answers:
    """Label what files hold.

    Takes what `predict_files` takes, and raises what it raises.
    """
    predicted = predict_files(predictor, variant, files)
    marked = [
        MarkedText(
            text=one.inputs, spans=list(one.prediction.spans()), class_names=one.prediction.class_names
        )
        for one in predicted
        if isinstance(one.inputs, str) and one.has_step_labels
    ]
    return Answers(
        noun="predictions",
        count=len(predicted),
        writers={
            "text": lambda: to_utf8(_to_text(predicted, marked)),
            "json": lambda: to_utf8(_to_json(predicted)),
        },
        marked=marked,
    )


def _to_text(predicted: Sequence["LabelledSequence"], marked: Sequence[MarkedText]) -> str:
    """Return texts as they are, tabs and form feeds too; of anything else a line with its labels."""
    if marked:
        return "".join(one.text for one in marked)
    return "".join(f"{one.name}: {_labels(one.prediction)}\n" for one in predicted)


def _to_json(predicted: Sequence["LabelledSequence"]) -> str:
    return json.dumps([one.to_dict() for one in predicted], indent=2, ensure_ascii=False) + "\n"


def _labels(prediction: SequencePrediction) -> str:
    labels = zip(prediction.classes, prediction.confidences, strict=True)
    return " ".join(label if confidence >= 0.5 else f"{label}?" for label, confidence in labels)


def predict_files(
    predictor: VariantPredictor, variant: str | None, paths: Sequence[Path]
) -> list[LabelledSequence]:
    """Label what files hold: texts, JSONL or Parquet files of sequences, pictures, or folders of pictures.

    Pictures that are given one by one are one sequence, in this order. Where no variant is named, it is the
    only one, or the one of characters for a ``.py`` file.

    Raises:
        UserError: The variant is unknown or must be named, or a file doesn't hold what it takes.
    """
    spec = predictor.data_spec.find(variant or _guess_variant(predictor.data_spec.variants, paths))
    named = _read_all(paths, spec)
    predictions = predictor.predict(spec.name, [sequence for _, sequence in named])
    return [
        LabelledSequence(
            name=name,
            variant=spec.name,
            inputs=sequence,
            has_step_labels=spec.has_step_labels,
            prediction=prediction,
        )
        for (name, sequence), prediction in zip(named, predictions, strict=True)
    ]


def _guess_variant(variants: Sequence[VariantSpec], paths: Sequence[Path]) -> str:
    if len(variants) == 1:
        return variants[0].name
    texts = [variant.name for variant in variants if variant.kind == "characters"]
    if len(texts) == 1 and all(path.suffix == ".py" for path in paths):
        return texts[0]
    raise UserError(f"variant=NAME: say what the files hold: {', '.join(v.name for v in variants)}")


def _read_all(paths: Sequence[Path], spec: VariantSpec) -> list[tuple[str, RawSequence]]:
    pictures = [path for path in paths if is_picture(path)]
    named: list[tuple[str, RawSequence]] = []
    for path in paths:
        if holds_rows(path):
            width = spec.in_features if spec.kind == "vectors" else None
            named += [(row.place, read_inputs(row, spec.kind, width)) for row in read_rows(path, spec.name)]
        elif file_or_folder(path).is_dir():
            named.append((str(path), _read_pictures(list_digit_pictures(path), spec, path)))
        elif path not in pictures:
            named.append((str(path), _read_text(path, spec)))
    if pictures:
        name = str(pictures[0]) if len(pictures) == 1 else f"{len(pictures)} pictures"
        named.append((name, _read_pictures(pictures, spec, pictures[0])))
    return named


def _read_pictures(pictures: Sequence[Path], spec: VariantSpec, where: Path) -> RawSequence:
    if spec.kind != "vectors" or spec.in_features != DIGIT_WIDTH:
        raise UserError(
            f"{where}: pictures are read as {DIGIT_WIDTH} numbers each, and the variant '{spec.name}' takes"
            f" {spec.kind}{f' of {spec.in_features} numbers' if spec.kind == 'vectors' else ''}"
        )
    return read_digit_pictures(pictures)


def _read_text(path: Path, spec: VariantSpec) -> str:
    if spec.kind != "characters":
        raise UserError(
            f"{path}: the variant '{spec.name}' takes {spec.kind}: give"
            f" {'pictures, a folder of them, or ' if spec.in_features == DIGIT_WIDTH else ''}"
            f"a file that ends in {' or '.join(SUFFIXES)}"
        )
    text = read_python(path)
    if not text:
        raise UserError(f"{path}: is empty; a text of at least one character is needed")
    return text

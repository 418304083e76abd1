"""A user's files, labelled by a `VariantModel`: texts, pictures, and lines of sequences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from nested_lightning.app.answers import Answers, MarkedText, kept_names, to_utf8
from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.foreign_files import file_or_folder
from nested_lightning.app.pictures.listing import is_picture
from nested_lightning.app.record_files import record_writers
from nested_lightning.app.variant.labelling import SequenceLabeller, SequencePrediction
from nested_lightning.app.variant.sources.digit_pictures import list_digit_pictures, read_digit_pictures
from nested_lightning.app.variant.sources.fields import read_inputs
from nested_lightning.app.variant.sources.python import read_python
from nested_lightning.app.variant.sources.records import RawSequence
from nested_lightning.app.variant.sources.rows import SUFFIXES, holds_rows, read_rows
from nested_lightning.app.variant.spec import VariantSpec

DIGIT_WIDTH = 64

_ANSWERS = (
    *("file", "variant", "step", "start", "stop", "text", "spans"),
    *("label", "labels", "confidence", "confidences"),
)


class ReadSequence(NamedTuple):
    """A sequence of a file, named by the file and by the line where it holds several."""

    name: str
    inputs: RawSequence
    kept: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class LabelledSequence:
    """A sequence of a file, its variant, and what is predicted for it."""

    read: ReadSequence
    spec: VariantSpec
    prediction: SequencePrediction

    @property
    def text(self) -> str | None:
        """The text whose characters have labels; None: it is another sequence."""
        return self.read.inputs if isinstance(self.read.inputs, str) and self.spec.has_step_labels else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data: spans of one class for a text, else labels with their probabilities."""
        found = [*self._found()]
        if not self.spec.has_step_labels:
            return {**self._place, **found[0]}
        if self.text is not None:
            return {**self._place, "spans": found}
        labels = {f"{name}s": [one[name] for one in found] for name in ("label", "confidence")}
        return {**self._place, **labels}

    def to_rows(self) -> Iterator[dict[str, Any]]:
        """Yield the same as rows of a table: one for each span or step, or one for the sequence."""
        for number, one in enumerate(self._found(), start=1):
            step = {"step": number} if self.spec.has_step_labels and "start" not in one else {}
            yield {**self._place, **step, **one}

    @property
    def _place(self) -> dict[str, Any]:
        return {**self.read.kept, "file": self.read.name, "variant": self.spec.name}

    def _found(self) -> Iterator[dict[str, Any]]:
        if self.text is not None:
            for start, stop, label in self.prediction.spans():
                yield {"start": start, "stop": stop, "label": label, "text": self.text[start:stop]}
        else:
            for label, confidence in zip(self.prediction.classes, self.prediction.confidences, strict=True):
                yield {"label": label, "confidence": round(confidence, 6)}


def answer_files(
    predictor: SequenceLabeller, *, files: Sequence[Path], variant: str | None = None, keep: str | None = None
) -> Answers:
    """Label the content of files.

    Takes what `predict_files` takes, and raises what it raises.
    """
    predicted = predict_files(predictor, variant, files, keep=keep)
    marked = [
        MarkedText(text=one.text, spans=list(one.prediction.spans()), class_names=one.prediction.class_names)
        for one in predicted
        if one.text is not None
    ]
    return Answers(
        noun="predictions",
        count=len(predicted),
        writers={
            "text": lambda: to_utf8(_to_text(predicted, marked)),
            **record_writers(
                [one.to_dict() for one in predicted], flat=[row for one in predicted for row in one.to_rows()]
            ),
        },
        marked=marked,
    )


def _to_text(predicted: Sequence[LabelledSequence], marked: Sequence[MarkedText]) -> str:
    """Return texts as they are, tabs and form feeds too; of anything else a line with its labels."""
    if marked:
        return "".join(one.text for one in marked)
    return "".join(f"{one.read.name}: {_labels(one.prediction)}\n" for one in predicted)


def _labels(prediction: SequencePrediction) -> str:
    labels = zip(prediction.classes, prediction.confidences, strict=True)
    return " ".join(label if confidence >= 0.5 else f"{label}?" for label, confidence in labels)


def predict_files(
    predictor: SequenceLabeller, variant: str | None, paths: Sequence[Path], *, keep: str | None = None
) -> list[LabelledSequence]:
    """Label what files hold: texts, JSONL or Parquet files of sequences, pictures, or folders of pictures.

    Pictures that are given one by one are one sequence, in this order. Where no variant is named, it is the
    only one, or the one of characters for a ``.py`` file. What is to be kept of the rows of JSONL and Parquet
    files is said as for `kept_names`.

    Raises:
        UserError: The variant is unknown or must be named, or a file doesn't hold what it takes or what is to
            be kept.
    """
    spec = predictor.data_spec.find(variant or _guess_variant(predictor.data_spec.variants, paths))
    read = _read_all(paths, spec, keep)
    predictions = predictor.predict(spec.name, [one.inputs for one in read])
    return [
        LabelledSequence(read=one, spec=spec, prediction=prediction)
        for one, prediction in zip(read, predictions, strict=True)
    ]


def _guess_variant(variants: Sequence[VariantSpec], paths: Sequence[Path]) -> str:
    if len(variants) == 1:
        return variants[0].name
    texts = [variant.name for variant in variants if variant.kind == "characters"]
    if len(texts) == 1 and all(path.suffix == ".py" for path in paths):
        return texts[0]
    raise UserError(f"variant=NAME: say what the files hold: {', '.join(v.name for v in variants)}")


def _read_all(paths: Sequence[Path], spec: VariantSpec, keep: str | None) -> list[ReadSequence]:
    pictures = [path for path in paths if is_picture(path)]
    read: list[ReadSequence] = []
    for path in paths:
        if holds_rows(path):
            read += _read_rows(path, spec, keep)
        elif keep is not None:
            raise UserError(
                f"{path}: has no columns to keep, which files that end in {' or '.join(SUFFIXES)} have"
            )
        elif file_or_folder(path).is_dir():
            read.append(ReadSequence(str(path), _read_pictures(list_digit_pictures(path), spec, path)))
        elif path not in pictures:
            read.append(ReadSequence(str(path), _read_text(path, spec)))
    if pictures:
        name = str(pictures[0]) if len(pictures) == 1 else f"{len(pictures)} pictures"
        read.append(ReadSequence(name, _read_pictures(pictures, spec, pictures[0])))
    return read


def _read_rows(path: Path, spec: VariantSpec, keep: str | None) -> Iterator[ReadSequence]:
    width = spec.in_features if spec.kind == "vectors" else None
    for row in read_rows(path, spec.name):
        with errors_naming(row.place):
            names = kept_names(keep, [*row.values], answers=_ANSWERS)
        with errors_naming(row.named):
            inputs = read_inputs(row.values, spec.kind, width)
        yield ReadSequence(row.place, inputs, {name: row.values[name] for name in names})


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

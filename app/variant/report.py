"""What the report of a `VariantModel` has besides: coloured sequences with their errors, scores by length.

Shapes: N labels, C classes, L steps of a sequence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, islice
from typing import Any

import numpy as np
import torch

from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.evaluation_report import Numbers
from nested_lightning.app.report.charts import Axes, Series, draw_chart
from nested_lightning.app.report.classes import class_blocks, score_again, score_logits
from nested_lightning.app.report.contents import Block, MarkedLines, SectionMaker, Text
from nested_lightning.app.report.family_sections import SampleErrors
from nested_lightning.app.report.importance import MAX_ROWS, evenly, submodule_importance
from nested_lightning.app.report.scores import Resampling
from nested_lightning.app.variant.batch import IGNORED
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.labelling import SequencePrediction
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.predict import VariantPredictor
from nested_lightning.app.variant.sequences import Sequences
from nested_lightning.app.variant.spec import VariantSpec

_MOST_SEQUENCES, _MOST_STEPS, _NUM_LENGTHS, _MOST_VARIANTS = 12, 600, 8, 8


@dataclass(frozen=True, kw_only=True)
class LabelledOne:
    """One sequence, its steps as texts, with the true and the predicted classes of steps, or of the whole.

    The sample is its variant, file and row.
    """

    sample: tuple[Any, ...]
    steps: Sequence[str]
    labels: Sequence[str]
    predicted: Sequence[str]


@dataclass(kw_only=True, eq=False)
class VariantSections:
    """Sections on sequences; see `FamilySections`."""

    model: VariantModel
    predictor: VariantPredictor
    datamodule: VariantDataModule
    _predicted: dict[Any, Sequence[SequencePrediction]] = field(default_factory=dict, init=False)

    def sections(self, part: PartName) -> Mapping[str, SectionMaker]:
        """Return what makes the sections, one for each variant and a chart over all."""
        names = self.datamodule.evaluated_part(part)
        return {
            **{f"Sequences of {name}": partial(self._variant, part, name) for name in names},
            "Scores by length": partial(self._lengths, part),
            "Importance": partial(self._importance, part),
        }

    def resampling(self, part: PartName) -> Resampling | None:
        """Return what scores some labels: of several variants the mean, as ``evaluate`` does."""
        labels = [self._labels(part, name) for name in self.datamodule.evaluated_part(part)]
        if not labels:
            return None
        ends = np.cumsum([len(target) for target, _ in labels])

        def score(rows: Any) -> Mapping[str, float]:
            drawn: list[dict[str, float]] = []
            for (target, probabilities), end in zip(labels, ends, strict=True):
                own = rows[(rows < end) & (rows >= end - len(target))] - (end - len(target))
                if len(own):  # of few labels, none may be drawn
                    chosen = torch.from_numpy(own)
                    taken = probabilities[chosen]
                    drawn.append(score_again(taken, target[chosen], taken.argmax(dim=1)))
            return {name: float(np.mean([one[name] for one in drawn])) for name in drawn[0]}

        return Resampling(num_samples=int(ends[-1]), score=score)

    def sample_errors(self, part: PartName) -> SampleErrors:
        """Return the share of wrong labels of each sequence."""
        names = self.datamodule.evaluated_part(part)
        ones = [one for name in names for one in self._ones(part, name)]
        return SampleErrors(
            samples=[(*one.sample, *one.labels) for one in ones],
            errors=[float(error) for name in names for error in self._errors(part, name)],
            of="share of wrong labels",
        )

    def _spec(self, name: str) -> VariantSpec:
        return self.predictor.data_spec.find(name)

    def _sequences(self, part: PartName, name: str) -> Sequences:
        return self.datamodule.evaluated_part(part)[name]

    def _predict(self, part: PartName, name: str) -> Sequence[SequencePrediction]:
        key = part, name
        if key not in self._predicted:
            self._predicted[key] = self.predictor.predict_encoded(self._sequences(part, name))
        return self._predicted[key]

    def _labels(self, part: PartName, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        target = self._sequences(part, name).scored_labels().long()
        return target, torch.cat([one.probabilities for one in self._predict(part, name)])

    def _errors(self, part: PartName, name: str) -> Numbers:
        """Return the share of wrong labels of each sequence."""
        target, probabilities = self._labels(part, name)
        wrong = (probabilities.argmax(dim=1) != target).double()
        counts = [len(one.probabilities) for one in self._predict(part, name)]
        return np.array([float(own.mean()) for own in wrong.split(counts)])

    def _ones(self, part: PartName, name: str, rows: Sequence[int] | None = None) -> Iterator[LabelledOne]:
        """Yield sequences by their numbers, or all of them."""
        sequences, predicted, spec = self._sequences(part, name), self._predict(part, name), self._spec(name)
        labels = sequences.scored_labels().split([len(one.probabilities) for one in predicted])
        stretches = _stretches(sequences)
        for row in range(len(predicted)) if rows is None else rows:
            origin = sequences.origins[row] if sequences.origins else None
            yield LabelledOne(
                sample=(name, *((origin.file.rpartition("/")[2], origin.row) if origin else ())),
                steps=_texts(sequences.steps[stretches[row]], spec),
                labels=[spec.class_names[index] for index in labels[row].tolist()],
                predicted=predicted[row].classes,
            )

    def _variant(self, part: PartName, name: str) -> Sequence[Block]:
        target, probabilities = self._labels(part, name)
        names = self._spec(name).class_names
        where = f"{name}, {part} part, {len(target):,} labels"
        charts = class_blocks(target.numpy(), probabilities.numpy(), names, where)
        errors = self._errors(part, name)
        worst = np.argsort(-errors, kind="stable")[:_MOST_SEQUENCES].tolist()
        note = (
            f"{len(worst)} of {len(errors):,} sequences, those with most errors first, of each the first"
            f" {_MOST_STEPS} steps; wrong labels are underlined."
        )
        lines = [
            (f"{_title(one)}: {errors[row]:.1%} wrong", _pieces(one, names))
            for row, one in zip(worst, self._ones(part, name, worst), strict=True)
        ]
        title = f"Predicted classes of {name}, {part} part"
        return [MarkedLines(title=title, classes=names, lines=lines, note=note), *charts]

    def _lengths(self, part: PartName) -> Sequence[Block]:
        series = {}
        for name in self.datamodule.evaluated_part(part):
            errors = self._errors(part, name)
            lengths = np.array([own.stop - own.start for own in _stretches(self._sequences(part, name))])
            order = np.argsort(lengths, kind="stable")
            bins = [rows for rows in np.array_split(order, _NUM_LENGTHS) if len(rows)]
            xs = [float(lengths[rows].mean()) for rows in bins]
            series[name] = Series(xs=xs, ys=[float(1 - errors[rows].mean()) for rows in bins])
        if not series:
            return [Text(text="There is nothing to score.")]
        said = f"Accuracy of equally many sequences each, from the shortest to the longest, {part} part."
        axes = Axes(x="mean length in steps", y="accuracy")
        return [draw_chart(f"Accuracy by length, {part} part", series, axes, description=said)]

    def _importance(self, part: PartName) -> Sequence[Block]:
        blocks: list[Block] = []
        shared = {} if self.model.trunk is None else {"trunk": self.model.trunk}
        for name, sequences in islice(self.datamodule.evaluated_part(part).items(), _MOST_VARIANTS):
            key, num = escape_name(name), min(len(sequences), MAX_ROWS // 4)
            parts = {"adapters": self.model.adapters[key], "decoders": self.model.decoders[key]}
            modules = {f"{kind}.{key}": module for kind, module in parts.items()} | shared
            where = f"{name}, {part} part, {num:,} of {len(sequences):,} windows or sequences"
            blocks += submodule_importance(modules, partial(self._score, sequences, num), where=where)
        return blocks or [Text(text="There is nothing to score.")]

    @torch.inference_mode()
    def _score(self, sequences: Sequences, num: int) -> dict[str, float]:
        """Return log loss and accuracy of the labels of some windows, evenly spread over all."""
        has_step_labels = self._spec(sequences.variant).has_step_labels
        logits, targets = [], []
        for rows in evenly(len(sequences), num).split(self.predictor.batch_size):
            batch = sequences.gather(rows).to(self.model.device)
            assert batch.target is not None
            counts = batch.target != IGNORED
            logits.append(self.model.label(batch, has_step_labels=has_step_labels)[counts].float())
            targets.append(batch.target[counts])
        return score_logits(torch.cat(logits), torch.cat(targets))


def _title(one: LabelledOne) -> str:
    name, *place = one.sample
    return "{}, row {}".format(*place).removeprefix(", ") if place else name


def _pieces(one: LabelledOne, names: Sequence[str]) -> list[tuple[str, int, str]]:
    """Return stretches of equal classes: text, predicted class, and the true one where it differs."""
    if len(one.labels) != len(one.steps):  # one label for the whole
        right = "" if one.labels[0] == one.predicted[0] else one.labels[0]
        return [("".join(one.steps[:_MOST_STEPS]), names.index(one.predicted[0]), right)]
    pieces = []
    rows = zip(one.steps[:_MOST_STEPS], one.predicted, one.labels, strict=False)
    for (predicted, label), own in groupby(rows, key=lambda row: row[1:]):
        right = "" if predicted == label else label
        pieces.append(("".join(step for step, _, _ in own), names.index(predicted), right))
    return pieces


def _stretches(sequences: Sequences) -> list[slice]:
    """Return where the steps of each sequence are, however many windows it is cut into."""
    offsets: dict[int, list[int]] = {}
    for start, place in zip(sequences.starts.tolist(), sequences.places, strict=True):
        first = start - place.window.start
        kept = offsets.setdefault(place.sequence, [first, first])
        kept[1] = max(kept[1], first + place.window.stop)
    return [slice(*kept) for kept in offsets.values()]


def _texts(steps: torch.Tensor, spec: VariantSpec) -> list[str]:
    """Return steps as texts: characters and tokens that are known, numbers of vectors."""
    if not spec.vocabulary or steps.ndim > 1:
        return [f"{number} " for number in range(1, len(steps) + 1)]
    separator = "" if spec.kind == "characters" else " "
    words = ("\N{REPLACEMENT CHARACTER}", *spec.vocabulary)
    return [f"{words[index]}{separator}" for index in steps.tolist()]

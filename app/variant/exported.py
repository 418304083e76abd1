"""Labels of sequences by an exported model, without torch.

Shapes: B windows of a batch, L steps of the longest, C classes.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

import numpy as np

from nested_lightning.app.exported.predicting import ExportedPredictor
from nested_lightning.app.exported.runtime import Array
from nested_lightning.app.variant.answers import answer_files
from nested_lightning.app.variant.desk import VariantDesk
from nested_lightning.app.variant.labelling import SequenceLabeller, SequencePrediction
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec
from nested_lightning.app.variant.windows import Place, cut_windows


class ExportedVariant(ExportedPredictor, SequenceLabeller):
    """Labels sequences by an exported model."""

    spec_type, desk_type = VariantDataSpec, VariantDesk
    answer = answer_files

    def _label_steps(self, spec: VariantSpec, steps: Sequence[Array]) -> list[SequencePrediction]:
        """Label encoded sequences, each as a whole, however many windows it is cut into."""
        window = spec.window if spec.has_step_labels else None
        cuts = (cut_windows(len(each), window=window, margin=spec.margin) for each in steps)
        places = iter([Place(number, cut) for number, each in enumerate(cuts) for cut in each])
        found: list[tuple[int, Array]] = []
        while batch := [*islice(places, self.batch_size)]:
            found += self._label(spec, steps, batch)
        return [
            SequencePrediction(
                class_names=spec.class_names, probabilities=np.concatenate([rows for _, rows in own])
            )
            for _, own in groupby(found, key=lambda window: window[0])
        ]

    def _label(
        self, spec: VariantSpec, steps: Sequence[Array], places: Sequence[Place]
    ) -> Iterator[tuple[int, Array]]:
        """Yield the sequence of each window, and the probabilities of its scored steps."""
        windows = [steps[number][cut.start : cut.stop] for number, cut in places]
        lengths = np.array([*map(len, windows)], dtype=np.int64)
        padded = np.zeros((len(windows), lengths.max(), *windows[0].shape[1:]), dtype=windows[0].dtype)
        for row, each in zip(padded, windows, strict=True):
            row[: len(each)] = each
        (probabilities,) = self.model.graphs[spec.name](padded, lengths)
        for (number, cut), found in zip(places, probabilities, strict=True):
            scored = slice(cut.scored_start - cut.start, cut.scored_stop - cut.start)
            yield number, found[scored] if spec.has_step_labels else found[np.newaxis]

"""Evaluation of an `ImageToText`: what it writes freely, against what people wrote."""

from nested_lightning.app.answers import Evaluator
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.errors import UserError
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.image_to_text.caption_scores import score_captions
from nested_lightning.app.image_to_text.data import ImageToTextDataModule
from nested_lightning.app.image_to_text.predict import ImageToTextPredictor


class ImageToTextEvaluator(Evaluator[ImageToTextPredictor, ImageToTextDataModule]):
    """Compares generated captions with those of the data."""

    @checked_arguments
    def __call__(self, part: PartName = "test") -> EvaluationReport:
        """Score the captions of one part of the data, and those of each length on their own."""
        rows = self.datamodule.part(part)
        if len(rows) == 0:
            raise UserError(f"the {part} part holds no picture; see image_to_text.data.split")
        generated = [caption.text for caption in self.predictor.predict(rows.pictures)]
        lengths = [len(captions[0].split()) for captions in rows.captions]
        breakdown = {}
        for length in sorted(set(lengths)):
            chosen = [row for row, found in enumerate(lengths) if found == length]
            scores = score_captions([generated[i] for i in chosen], [rows.captions[i] for i in chosen])
            breakdown[str(length)] = {
                "exact_match": scores["exact_match"],
                "word_accuracy": scores["word_accuracy"],
                "samples": float(len(chosen)),
            }
        return EvaluationReport(
            num_samples=len(rows),
            scores=score_captions(generated, rows.captions),
            breakdown=breakdown,
            breakdown_by="words",
        )

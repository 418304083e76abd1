"""Predictions of sequences of several kinds, from raw input and files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.loss_balances import FixedBalance
from nested_lightning.app.submodules.sequence_losses import CrossEntropy
from nested_lightning.app.variant.answers import predict_files
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.predict import VariantPredictor
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec
from tests.tiny_variants import write_lines


class _Says(nn.Module):
    """Takes each step's first number, or its token, for its class."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes

    def forward(self, x: Tensor, mask: Tensor | None = None, hidden: Any = None) -> tuple[Tensor, None]:
        classes = x if x.dim() == 2 else x[..., 0]
        return nn.functional.one_hot(classes.long() % self.num_classes, self.num_classes) * 9.0, None


def _spec(name: str, kind: Any, **options: Any) -> VariantSpec:
    defaults: dict[str, Any] = {"class_names": ("no", "yes"), "class_counts": (1, 1), "has_step_labels": True}
    return VariantSpec(name=name, kind=kind, num_sequences=1, **{**defaults, **options})


@pytest.fixture
def predictor() -> VariantPredictor:
    """Knows text (characters, in windows), image (pictures) and mood (tokens, one label each)."""
    width = {"mean": (0.0,) * 64, "scale": (1.0,) * 64}
    specs = (
        _spec("text", "characters", vocabulary=("a", "b"), class_names=("?", "A", "B"), window=6, margin=2),
        _spec("image", "vectors", **width),
        _spec("mood", "tokens", vocabulary=("good",), has_step_labels=False),
    )
    classes = {spec.name: len(spec.class_names) for spec in specs}
    model = VariantModel(
        adapters={name: nn.Identity() for name in classes},
        decoders={name: _Says(count) for name, count in classes.items()},
        losses={name: CrossEntropy() for name in classes},
        balance=FixedBalance(weights=dict.fromkeys(classes, 1.0), num_sequences={}),
        num_classes=classes,
        optimizer=torch.optim.Adam,
        schedule=lambda optimizer, num_steps: None,
    )
    return VariantPredictor(model=model, data_spec=VariantDataSpec(variants=specs), batch_size=2)


def test_a_long_text_is_labelled_in_windows_without_gap_or_overlap(predictor: VariantPredictor) -> None:
    text = "abba-" * 7

    (prediction,) = predictor.predict("text", [text])

    assert prediction.classes == [{"a": "A", "b": "B"}.get(character, "?") for character in text]
    assert prediction.probabilities.shape == (35, 3)
    torch.testing.assert_close(prediction.probabilities.sum(dim=1), torch.ones(35))


def test_spans_join_steps_of_the_same_class(predictor: VariantPredictor) -> None:
    (prediction,) = predictor.predict("text", ["aab"])

    assert list(prediction.spans()) == [(0, 2, "A"), (2, 3, "B")]


def test_sequences_of_one_label_get_one(predictor: VariantPredictor) -> None:
    one, other = predictor.predict("mood", [["good", "good"], ["bad"]])

    assert (one.classes, other.classes) == (["yes"], ["no"])
    assert one.probabilities.shape == (1, 2)


def test_unknown_variants_and_empty_sequences_are_refused(predictor: VariantPredictor) -> None:
    with pytest.raises(UserError, match=r"unknown variant 'texts'; did you mean 'text'"):
        predictor.predict("texts", ["a"])
    with pytest.raises(UserError, match=r"'text': sequence 2 is empty"):
        predictor.predict("text", ["a", ""])
    assert predictor.predict("text", []) == []


def test_a_text_file_gives_spans_that_cover_it(predictor: VariantPredictor, tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("ab-a")

    (labelled,) = predict_files(predictor, None, [path])

    assert "".join(span["text"] for span in labelled.to_dict()["spans"]) == "ab-a"
    assert [span["label"] for span in labelled.to_dict()["spans"]] == ["A", "B", "?", "A"]


def test_lines_of_sequences_are_labelled_one_by_one(predictor: VariantPredictor, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "own.jsonl", [{"tokens": ["good"]}, {"tokens": ["bad"]}])

    labelled = predict_files(predictor, "mood", [path])

    assert [one.to_dict()["label"] for one in labelled] == ["yes", "no"]
    assert labelled[1].read.name.endswith("own.jsonl, line 2")


def test_a_folder_of_pictures_is_one_sequence(predictor: VariantPredictor, tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(np.full((8, 8), 16 * (number % 2), dtype=np.uint8)).save(tmp_path / f"{number}.png")

    (labelled,) = predict_files(predictor, "image", [tmp_path])

    assert labelled.to_dict()["labels"] == ["no", "yes", "no"]
    assert len(labelled.to_dict()["confidences"]) == 3


def test_what_a_variant_does_not_take_is_refused(predictor: VariantPredictor, tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("ab")
    Image.new("L", (8, 8)).save(tmp_path / "0.png")

    with pytest.raises(UserError, match="variant=NAME: say what the files hold: text, image, mood"):
        predict_files(predictor, None, [path])
    with pytest.raises(UserError, match=r"x\.txt: the variant 'image' takes vectors: give pictures"):
        predict_files(predictor, "image", [path])
    with pytest.raises(UserError, match=r"0\.png: pictures are read as 64 numbers each, and .* takes tokens"):
        predict_files(predictor, "mood", [tmp_path / "0.png"])
    path.write_text("")
    with pytest.raises(UserError, match=r"x\.txt: is empty"):
        predict_files(predictor, "text", [path])

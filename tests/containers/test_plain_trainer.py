"""Lightning's own door: our composites and data in a plain Trainer of a plain script."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from torch import Tensor

from nested_lightning import UserError, family_container, from_checkpoint
from tests.frozen.set_ups import FAMILIES, TRAINED

BEST = Path("run", "checkpoints", "best.ckpt")


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    return Trainer(
        accelerator="cpu",
        default_root_dir=tmp_path,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


@pytest.fixture(params=FAMILIES)
def container(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A trained model, and the data of which all are its test part."""
    monkeypatch.chdir(TRAINED / request.param)
    whole = {"data": {"split": {"kind": "whole"}}}
    return family_container(from_checkpoint(BEST, family_changes=whole))


def test_the_test_of_a_trainer_gives_the_scores_of_evaluate(container: Any, trainer: Trainer) -> None:
    [logged] = trainer.test(container.model(), datamodule=container.datamodule(), verbose=False)
    scores = container.evaluator()("test").scores
    same = {name: logged[f"test_{name}"] for name in scores if f"test_{name}" in logged}

    assert len(same) >= 2
    assert same == pytest.approx({name: scores[name] for name in same}, rel=1e-5)


def test_the_predictions_of_a_trainer_are_those_of_the_predictor(container: Any, trainer: Trainer) -> None:
    found: Any = trainer.predict(container.model(), datamodule=container.datamodule())
    predictor, data = container.predictor(), container.datamodule().part("test")
    match predictor.data_spec.family:
        case "multi-feature":
            torch.testing.assert_close(
                torch.cat(found), predictor.predict_file("data/shapes.csv").probabilities, rtol=0, atol=0
            )
        case "image-to-text":
            wanted = [one.text for one in predictor.predict(data.pictures)]
            assert [text for batch in found for text in batch] == wanted
        case "vae-gan":
            made = predictor.reconstruct("data").pictures
            torch.testing.assert_close(torch.cat(found), made, rtol=0, atol=0)
        case "variant":
            _assert_labelled([row for batch in found for row in batch], predictor, data)


def _assert_labelled(rows: list[Tensor], predictor: Any, data: Any) -> None:
    for sequences in data.values():
        for index, wanted in enumerate(predictor.probabilities(sequences)):
            row = rows.pop(0)
            scored = row[sequences.scored_slice(index)] if row.dim() == 2 else row[None]
            torch.testing.assert_close(scored, wanted, rtol=0, atol=0)
    assert not rows


@pytest.mark.parametrize("family", FAMILIES)
def test_lightnings_way_to_open_a_checkpoint_names_ours(family: str) -> None:
    model = family_container(from_checkpoint(TRAINED / family / BEST)).model()

    with pytest.raises(UserError, match=rf"{type(model).__name__} is built .*from_checkpoint\('a\.ckpt'\)"):
        type(model).load_from_checkpoint("a.ckpt")

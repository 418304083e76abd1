"""Text encoders of transformers: the same numbers as the library's own, and in tables."""

from pathlib import Path
from typing import Any

import pytest
import torch

import nested_lightning as nl
from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.texts import TransformersTextExtractor, preparation
from tests.app.submodules.pretrained.part_folders import WORDS, write_text_encoder
from tests.command_line import Program

transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")

TEXTS = ["the food was good", "the film was bad bad bad", "good"]


def _family(part: Path, run: Path, rows: dict[str, Any]) -> Any:
    settings = {
        "model": "multi-feature",
        "multi_feature.data.label": "mood",
        "multi_feature.data.texts": ["review"],
        "multi_feature.data.missing": "mean",
        "multi_feature.text_extractor": {"kind": "transformers_text", "weights": str(part)},
        "run_dir": str(run),
        "trainer.max_epochs": 2,
        "trainer.use_progress_bar": False,
        "trainer.num_threads": 1,
    }
    return nl.bootstrap(settings, data=rows)


def _rows(copies: int = 12) -> dict[str, Any]:
    return {"review": [*TEXTS, None] * copies, "mood": ["fine", "sad", "fine", "sad"] * copies}


def test_what_is_made_of_texts_is_what_the_library_makes(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    application = _family(part, tmp_path / "run", _rows())
    model, spec = application.multi_feature.model(), application.multi_feature.data_spec()
    extractor = model.feature_extractors["review"].eval()
    assert isinstance(extractor, TransformersTextExtractor)
    extractor.encoder.load_first_weights()
    predictor_rows = application.multi_feature.datamodule().part("train").features["review"]

    tokenizer = transformers.AutoTokenizer.from_pretrained(part)
    own = transformers.AutoModel.from_pretrained(part).eval()
    given = tokenizer(TEXTS, return_tensors="pt", padding=True)
    with torch.no_grad():
        read = own(**given).last_hidden_state
        mask = given["attention_mask"][..., None]
        theirs = (read * mask).sum(dim=1) / mask.sum(dim=1)
        ids = torch.zeros(len(TEXTS), spec.groups[0].max_length, dtype=torch.int32)
        ids[:, : given["input_ids"].shape[1]] = (given["input_ids"] + 1) * given["attention_mask"]
        ours = extractor.encoder(ids)

    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    assert {tuple(row) for row in predictor_rows.tolist()} <= {*map(tuple, ids.tolist()), (0,) * ids.shape[1]}


def test_a_missing_text_has_a_finite_answer_whatever_stands_beside_it(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    predictor = _family(part, tmp_path / "run", _rows()).train().predictor

    alone = predictor.predict([{"review": None}]).probabilities
    among = predictor.predict([{"review": text} for text in (*TEXTS, None)]).probabilities

    assert alone.isfinite().all()
    torch.testing.assert_close(among[-1:], alone, atol=1e-6, rtol=0)


def test_the_tokenizer_is_in_the_checkpoint(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    result = _family(part, tmp_path / "run", _rows()).train()
    rows = [{"review": text} for text in TEXTS]
    before = result.predictor.predict(rows).probabilities
    part.rename(tmp_path / "gone")

    again = nl.from_checkpoint(result.best_checkpoint).multi_feature
    with pytest.warns(UserWarning, match="longer than the longest of the training"):
        again.predictor().predict([{"review": "the " * 40}])

    assert torch.equal(again.predictor().predict(rows).probabilities, before)
    assert again.data_spec().groups[0].num_tokens == len(WORDS)


def test_a_folder_without_a_tokenizer_or_a_length_is_refused(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    (part / "tokenizer_config.json").unlink()

    assert preparation(weights=str(part)).max_length == 30
    (part / "config.json").write_text("{}")
    with pytest.raises(UserError, match="how long a text may be"):
        preparation(weights=str(part))
    (part / "tokenizer.json").unlink()
    with pytest.raises(UserError, match=r"has no tokenizer\.json"):
        preparation(weights=str(part))


@pytest.mark.parametrize(
    ("file", "content"), [("tokenizer.json", '{"a":'), ("tokenizer_config.json", '{"model_max_length": "x"}')]
)
def test_what_is_damaged_is_named(tmp_path: Path, file: str, content: str) -> None:
    part = write_text_encoder(tmp_path / "part")
    (part / file).write_text(content)
    with pytest.raises(UserError, match=r"part: .*(tokenizer\.json|model_max_length).* is damaged"):
        preparation(weights=str(part))


def test_a_model_of_the_usual_number_of_tokens_need_not_say_it() -> None:
    config = {"model_type": "bert", "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
    extractor = TransformersTextExtractor(in_features=12, max_length=4, config=config)
    assert extractor(torch.tensor([[3, 1, 0, 0]])).shape == (1, 32)


def test_inspect_shows_the_beginning_of_a_tokenizer(tmp_path: Path, program: Program) -> None:
    part = write_text_encoder(tmp_path / "part")
    result = _family(part, tmp_path / "run", _rows()).train()

    shown = program("inspect", str(result.best_checkpoint))

    assert shown.returncode == 0, shown.stderr
    assert "signs)" in shown.stdout
    assert len(shown.stdout) < 20_000


@pytest.mark.slow
def test_a_training_that_begins_with_a_checkpoint_needs_the_tokenizer_alone(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    result = _family(part, tmp_path / "run", _rows()).train()
    (part / "model.safetensors").unlink()

    again: Any = nl.bootstrap_from(
        result.best_checkpoint, {"run_dir": str(tmp_path / "again")}, data=_rows(copies=13)
    )

    assert again.train().num_steps > 0
    assert again.multi_feature.data_spec().groups[0].num_tokens == len(WORDS)


def test_a_model_of_pictures_is_refused_as_a_reader_of_texts() -> None:
    config = transformers.ViTConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1).to_dict()
    with pytest.raises(ValueError, match="its model has 0 tokens, its tokenizer 9"):
        TransformersTextExtractor(in_features=10, max_length=4, config=config)

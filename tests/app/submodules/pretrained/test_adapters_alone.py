"""Checkpoints that leave out what the files of a pretrained part have, and hold its adapters."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import nested_lightning as nl
from nested_lightning.app.checkpoints.inspection import describe_checkpoint
from nested_lightning.app.checkpoints.model_file import export_safetensors
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.adapters import is_of_adapter
from nested_lightning.containers.starting.merging import merge_adapters
from tests.app.submodules.pretrained.part_folders import write_text_encoder

pytest.importorskip("transformers", reason="the extra pretrained is not installed")
pytest.importorskip("peft", reason="the extra pretrained is not installed")

TEXTS = ["the food was good", "the film was bad bad bad", "good", "the bad food"]
ENCODER = "feature_extractors.review.encoder."
LORA = {"rank": 2, "targets": ["query"], "save": "adapters"}
DATA = {"review": TEXTS * 12, "mood": ["fine", "sad", "fine", "sad"] * 12}


def _application(part: Path, run: Path) -> Any:
    settings = {
        "model": "multi-feature",
        "multi_feature.data.label": "mood",
        "multi_feature.data.texts": ["review"],
        "multi_feature.text_extractor": {"kind": "transformers_text", "weights": str(part)},
        "run_dir": str(run),
        "submodules": {"multi_feature.feature_extractors.review.encoder": {"lora": LORA, "lr": 0.05}},
        "trainer.max_epochs": 2,
        "trainer.use_progress_bar": False,
        "trainer.num_threads": 1,
    }
    return nl.bootstrap(settings, data=DATA)


def _probabilities(application: Any) -> torch.Tensor:
    rows = [{"review": text} for text in TEXTS]
    return application.multi_feature.predictor().predict(rows).probabilities


def test_a_checkpoint_holds_adapters_and_what_else_learned_and_needs_the_part_beside_it(
    tmp_path: Path,
) -> None:
    part = write_text_encoder(tmp_path / "part")
    file = part / "model.safetensors"
    application = _application(part, tmp_path / "run")
    best = application.multi_feature.training_run()().best_checkpoint
    learned = _probabilities(application)

    kept = torch.load(best, weights_only=True)["state_dict"]
    own = {name for name in kept if name.startswith(ENCODER)}
    assert own == {name for name in kept if is_of_adapter(name)}
    assert {name for name in kept if "review.project." in name}
    assert describe_checkpoint(best).left_out == {str(file): len(load_file(file)) - 2}  # without the pooler
    torch.testing.assert_close(_probabilities(nl.from_checkpoint(best)), learned, atol=1e-6, rtol=0)

    content = file.read_bytes()
    changed = load_file(file)
    save_file({name: one + 1 for name, one in changed.items()}, file, {"format": "pt"})
    with pytest.raises(UserError, match="has changed: its SHA-256 is"):
        nl.from_checkpoint(best)
    file.unlink()
    with pytest.raises(UserError, match=rf"which are in {file}, and that file is gone: put it back$"):
        nl.from_checkpoint(best)
    file.write_bytes(content)
    nl.from_checkpoint(best)


@pytest.mark.slow
def test_merged_weights_are_whole_and_need_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = write_text_encoder(tmp_path / "part")
    application = _application(part, tmp_path / "run")
    best = application.multi_feature.training_run()().best_checkpoint
    learned = _probabilities(application)
    merged = tmp_path / "merged.safetensors"

    export_safetensors(best, merged, content=merge_adapters(best))
    part.rename(tmp_path / "gone")
    monkeypatch.setitem(sys.modules, "peft", None)

    torch.testing.assert_close(_probabilities(nl.from_checkpoint(merged)), learned, atol=1e-6, rtol=0)


@pytest.mark.slow
def test_names_and_numbers_of_half_the_width_are_found_in_a_file_all_the_same(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    halves = {f"bert.{name}": one.half() for name, one in load_file(part / "model.safetensors").items()}
    save_file(halves, part / "model.safetensors", {"format": "pt"})
    application = _application(part, tmp_path / "run")

    best = application.multi_feature.training_run()().best_checkpoint
    learned = _probabilities(application)

    kept = torch.load(best, weights_only=True)["state_dict"]
    assert all(is_of_adapter(name) for name in kept if name.startswith(ENCODER))
    torch.testing.assert_close(_probabilities(nl.from_checkpoint(best)), learned, atol=1e-6, rtol=0)


@pytest.mark.slow
def test_a_training_goes_on_with_what_its_checkpoint_left_out(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    _application(part, tmp_path / "run").multi_feature.training_run()()
    before = torch.load(tmp_path / "run/checkpoints/last.ckpt", weights_only=True)["state_dict"]

    nl.resume_training(tmp_path / "run", {"trainer.max_epochs": 3}, data=DATA)()

    after = torch.load(tmp_path / "run/checkpoints/last.ckpt", weights_only=True)["state_dict"]
    assert after.keys() == before.keys()
    assert not all(torch.equal(after[name], before[name]) for name in before)
    nl.from_checkpoint(tmp_path / "run/checkpoints/last.ckpt")


def test_what_has_no_file_beside_it_cannot_be_left_out(small_settings: dict[str, Any]) -> None:
    policy = {"lora": {"rank": 1, "targets": ["layers.0"], "save": "adapters"}}
    application: Any = nl.bootstrap(small_settings | {"submodules": {"multi_feature.head": policy}})

    with pytest.raises(UserError, match=r"head\.lora\.save: adapters needs weights that are in a file: set"):
        application.multi_feature.training_run()()

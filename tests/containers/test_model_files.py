"""What a file says of its model, and weights alone with their recipe."""

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors
import safetensors.torch
import torch

from nested_lightning import bootstrap, family_container, from_checkpoint
from nested_lightning.app.checkpoints.inspection import describe_checkpoint
from nested_lightning.app.checkpoints.model_file import export_safetensors
from nested_lightning.app.checkpoints.weights_file import read_safetensors, to_safetensors
from nested_lightning.app.errors import UserError
from nested_lightning.settings.reading.merging import merge


@pytest.fixture
def checkpoint(small_settings: dict[str, Any]) -> Path:
    return Path(family_container(bootstrap(small_settings)).training_run()().best_checkpoint)


def test_a_checkpoint_describes_itself(checkpoint: Path) -> None:
    found = describe_checkpoint(checkpoint)
    model = family_container(from_checkpoint(checkpoint)).model()

    assert found.family == "multi-feature"
    kar = sum(each.numel() for each in model.feature_extractors["kar"].state_dict().values())
    assert found.submodules["multi_feature.feature_extractors.kar"] == kar
    assert found.num_weights == sum(each.numel() for each in model.state_dict().values())
    assert found.metrics["best val_loss"] <= found.metrics["val_loss"]
    assert found.num_steps in (3, 6, 9)
    assert found.data_spec["target"]["names"] == ["circle", "square", "star"]
    assert found.settings["multi_feature"]["feature_extractor"]["hidden_features"] == 8
    assert "torch" in found.versions
    assert max(name.count(".") for name in describe_checkpoint(checkpoint, depth=1).submodules) == 1


@pytest.mark.slow
def test_exported_weights_rebuild_the_same_model(checkpoint: Path, tmp_path: Path, small_csv: Path) -> None:
    file = tmp_path / "out" / "model.safetensors"
    export_safetensors(checkpoint, file)

    with safetensors.safe_open(file, framework="pt") as opened:
        assert json.loads(opened.metadata()["nested_lightning"])["family"] == "multi-feature"
    one, other = (family_container(from_checkpoint(path)).predictor() for path in (checkpoint, file))
    expected = one.predict_file(small_csv).probabilities
    assert torch.equal(other.predict_file(small_csv).probabilities, expected)
    assert describe_checkpoint(file).submodules == describe_checkpoint(checkpoint).submodules
    assert describe_checkpoint(file).num_steps == describe_checkpoint(checkpoint).num_steps
    assert file.stat().st_size < checkpoint.stat().st_size


def test_tensors_with_several_names_are_written_once(tmp_path: Path) -> None:
    weight, other = torch.randn(100, 100), torch.randn(4, 4)
    state = {"a.weight": weight, "b.weight": weight, "view": other[:2], "rest": other[2:], "t": other.T}
    file = tmp_path / "model.safetensors"
    file.write_bytes(to_safetensors({"state_dict": state, "nested_lightning": "{}"}))

    read = read_safetensors(file)["state_dict"]

    assert file.stat().st_size < 1.5 * weight.nbytes
    assert all(torch.equal(read[name], state[name]) for name in state)
    assert read["a.weight"].data_ptr() == read["b.weight"].data_ptr()


def test_damaged_or_foreign_safetensors_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    export_safetensors(checkpoint, file)
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"text", b"\xff" * 64, checkpoint.read_bytes()):
        file.write_bytes(content)
        with pytest.raises(UserError, match="it is damaged, or"):
            from_checkpoint(file)
    safetensors.torch.save_file({"weight": torch.zeros(1)}, file)
    with pytest.raises(UserError, match="has no recipe"):
        from_checkpoint(file)
    with pytest.raises(UserError, match=r"(?i)no such file"):
        from_checkpoint(tmp_path / "absent.safetensors")


def test_export_of_what_cannot_be_read_again_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(UserError, match="has no recipe"):
        export_safetensors(tmp_path / "other.ckpt", tmp_path / "model.safetensors")
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.slow
def test_a_shared_discriminator_and_all_families_survive_an_export(
    picture_settings: dict[str, Any], tmp_path: Path
) -> None:
    quick = {"trainer": {"max_epochs": 1}, "vae_gan": {"classifier_steps": 2}}
    run = family_container(bootstrap(merge(picture_settings, quick))).training_run()
    last = run().run_folder.last_checkpoint
    export_safetensors(last, tmp_path / "gan.safetensors")

    model = family_container(from_checkpoint(tmp_path / "gan.safetensors")).model()

    wanted = torch.load(last, weights_only=True)["state_dict"]
    assert all(torch.equal(value, wanted[name]) for name, value in model.state_dict().items())


def test_a_submodule_is_exported_alone_for_any_module_of_its_kind(checkpoint: Path, tmp_path: Path) -> None:
    file = tmp_path / "head.safetensors"
    export_safetensors(checkpoint, file, submodule="multi_feature.head")
    head = family_container(from_checkpoint(checkpoint)).model().head

    written = safetensors.torch.load_file(file)

    assert written.keys() == head.state_dict().keys()
    assert all(torch.equal(value, head.state_dict()[name]) for name, value in written.items())
    assert describe_checkpoint(file).submodules["multi_feature.head"] == sum(
        each.numel() for each in written.values()
    )
    with pytest.raises(UserError, match=r"holds the weights of multi_feature\.head alone"):
        from_checkpoint(file)


@pytest.mark.parametrize("path", ["multi_feature.haed", "head", "variant.head", "multi_feature.*"])
def test_a_submodule_that_is_not_there_is_refused_with_near_names(
    checkpoint: Path, tmp_path: Path, path: str
) -> None:
    with pytest.raises(UserError, match=r"there is no such submodule; near: .*multi_feature\.head"):
        export_safetensors(checkpoint, tmp_path / "part.safetensors", submodule=path)
    assert not [*tmp_path.glob("part*")]


@pytest.mark.parametrize("name", ["m.onnx", "m.pt2", "graphs/manifest.json"])
def test_graphs_are_no_checkpoint_and_refused_in_words(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"")
    path = file.parent if file.suffix == ".json" else file

    with pytest.raises(UserError, match=r"holds graphs without the model, .*; name the checkpoint that"):
        from_checkpoint(path)

"""Parts that were trained elsewhere: within composites, in checkpoints, and when their files have gone."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from dependency_injector import providers
from PIL import Image
from pytorch_lightning import Callback, LightningModule, Trainer
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import nested_lightning as nl
from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.transformers_parts import describe, image_encoder
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.checking.python_model import model_as_python
from tests.app.image_to_text.captioned_folder import write_folder
from tests.app.multi_feature.test_pictures import write_class_folders
from tests.app.submodules.pretrained.part_folders import (
    PICTURE_SIZE,
    PREPROCESSOR,
    write_convolutions,
    write_vision_transformer,
)

transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")

_bootstrap: Any = nl.bootstrap
_bootstrap_from: Any = nl.bootstrap_from
_from_checkpoint: Any = nl.from_checkpoint
ENCODER = "image_to_text.image_encoder"


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return write_vision_transformer(tmp_path / "part")


def _settings(tmp_path: Path, part: Path, **values: Any) -> dict[str, Any]:
    return {
        "model": "image-to-text",
        "run_dir": str(tmp_path / "run"),
        "trainer.max_epochs": 2,
        "trainer.accelerator": "cpu",
        "trainer.use_progress_bar": False,
        "trainer.num_threads": 1,
        "image_to_text.data.path": str(write_folder(tmp_path / "data")),
        "image_to_text.data.batch_size": 8,
        "image_to_text.data.split": {"kind": "random", "val_fraction": 0.2},
        "image_to_text.bridge.out_features": 8,
        "image_to_text.text_decoder": {"embedding_dim": 6, "hidden_features": 8},
        f"{ENCODER}.kind": "transformers",
        f"{ENCODER}.weights": str(part),
        **values,
    }


def _weights(part: Path) -> dict[str, Tensor]:
    """Return the tensors of a part, by the names that its network has them by."""
    config = describe(weights=str(part))["config"]
    encoder = image_encoder(in_features=3, picture_size=PICTURE_SIZE, config=config)
    loaded = image_encoder(in_features=3, picture_size=PICTURE_SIZE, weights=str(part))
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    loaded.load_first_weights()
    assert any(not torch.equal(value, before[name]) for name, value in loaded.state_dict().items())
    return dict(loaded.state_dict())


def _encoder_in(checkpoint: Path) -> dict[str, Tensor]:
    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    return {
        name.removeprefix("image_encoder."): value
        for name, value in state.items()
        if name.startswith("image_encoder.")
    }


def test_what_a_part_wants_of_pictures_reaches_the_data_and_the_checkpoint(
    tmp_path: Path, part: Path
) -> None:
    application = _bootstrap(_settings(tmp_path, part))
    spec = application.image_to_text.data_spec()
    choice = application.settings().image_to_text.image_encoder

    assert (spec.picture_size, spec.fit, spec.interpolation) == (PICTURE_SIZE, "stretch", "bilinear")
    assert [*spec.mean] == PREPROCESSOR["image_mean"]
    assert [*spec.scale] == PREPROCESSOR["image_std"]
    assert (choice.config["model_type"], choice.weights_license) == ("vit", "mit")
    assert len(choice.sha256) == 64


def test_a_frozen_part_is_bit_for_bit_that_of_its_file_after_a_training(tmp_path: Path, part: Path) -> None:
    frozen = {"submodules": {ENCODER: {"freeze": True}}}

    result = _bootstrap(_settings(tmp_path, part, **frozen)).train()

    found, wanted = _encoder_in(result.best_checkpoint), _weights(part)
    assert found.keys() == wanted.keys()
    assert all(torch.equal(value, wanted[name]) for name, value in found.items())


class Modes(Callback):
    """Notes in which modes the encoder's modules are in training steps, and its state after each epoch."""

    def __init__(self) -> None:
        self.modes: list[set[bool]] = []
        self.states: list[dict[str, Tensor]] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.modes.append(set())

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        self.modes[-1] |= {module.training for module in pl_module.image_encoder.modules()}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        state = pl_module.image_encoder.state_dict()
        self.states.append({name: value.clone() for name, value in state.items()})


def _changed(one: dict[str, Tensor], other: dict[str, Tensor]) -> set[bool]:
    """Return whether statistics (True) and whether other tensors (False) differ."""
    names = {name for name, value in one.items() if not torch.equal(value, other[name])}
    return {"running_" in name for name in names}


def test_a_part_learns_from_its_epoch_on_in_training_mode_and_not_before(tmp_path: Path) -> None:
    part, seen = write_convolutions(tmp_path / "part"), Modes()
    policy = {"freeze": True, "unfreeze_at_epoch": 1, "lr": 0.003}
    values = {"submodules": {ENCODER: policy}}
    run = _bootstrap(_settings(tmp_path, part, **values)).image_to_text.training_run()
    run.trainer.callbacks.insert(0, seen)

    run()

    own = transformers.ResNetModel.from_pretrained(part).state_dict()
    first = {name.removeprefix("network."): value for name, value in seen.states[0].items()}
    assert seen.modes == [{False}, {True}]
    assert not _changed(first, own)
    assert _changed(*seen.states) == {True, False}
    rates = {group["initial_lr"] for group in run.trainer.optimizers[0].param_groups}
    assert 0.003 in rates
    assert len(rates) == 2


def test_a_checkpoint_is_enough_when_the_files_have_gone(tmp_path: Path, part: Path) -> None:
    application = _bootstrap(_settings(tmp_path, part))
    result = application.train()
    picture = Image.open(tmp_path / "data" / "images" / "red-disc-0.png")
    before = application.image_to_text.predictor().predict(picture)

    part.rename(tmp_path / "gone")
    after = _from_checkpoint(result.best_checkpoint).image_to_text.predictor().predict(picture)
    resumed = nl.resume_training(tmp_path / "run", {"trainer.max_epochs": 3})()

    assert [one.text for one in after] == [one.text for one in before]
    assert resumed.num_steps == result.num_steps * 3 // 2
    with pytest.raises(UserError, match=r"image_to_text\.image_encoder: .*no such file or folder"):
        _bootstrap(_settings(tmp_path / "other", part))


def test_a_training_of_a_recipe_wants_the_weights_that_it_names(tmp_path: Path, part: Path) -> None:
    _bootstrap(_settings(tmp_path, part)).train()
    tensors = load_file(part / "model.safetensors")
    save_file({name: value + 1 for name, value in tensors.items()}, part / "model.safetensors")

    (tmp_path / "run").rename(tmp_path / "before")
    again = _bootstrap(tmp_path / "before" / "settings.yaml")

    with pytest.raises(UserError, match=r"image_to_text\.image_encoder: .*other weights than were meant"):
        again.train()


def test_a_training_that_begins_with_a_checkpoint_needs_no_other_weights(tmp_path: Path, part: Path) -> None:
    result = _bootstrap(_settings(tmp_path, part)).train()
    part.rename(tmp_path / "gone")

    again = _bootstrap_from(
        result.best_checkpoint,
        {"run_dir": str(tmp_path / "again"), "submodules": {ENCODER: {"freeze": True}}},
    ).train()

    before, after = _encoder_in(result.best_checkpoint), _encoder_in(again.best_checkpoint)
    assert all(torch.equal(value, before[name]) for name, value in after.items())


def test_a_group_of_pictures_has_a_pretrained_extractor(tmp_path: Path, part: Path) -> None:
    photos = write_class_folders(tmp_path / "photos")
    settings = {
        "model": "multi-feature",
        "multi_feature.data.path": str(photos),
        "multi_feature.picture_extractor": {"kind": "transformers_image", "weights": str(part)},
        "run_dir": str(tmp_path / "run"),
        "trainer.max_epochs": 1,
        "trainer.use_progress_bar": False,
    }
    application = _bootstrap(settings)
    result = application.train()
    (group,) = application.multi_feature.data_spec().groups
    first = next(photos.rglob("*.png"))

    part.rename(tmp_path / "gone")
    answers = _from_checkpoint(result.best_checkpoint).multi_feature.predictor().predict_file(first)

    assert (group.size, group.width, [*group.mean]) == (PICTURE_SIZE, 3, PREPROCESSOR["image_mean"])
    assert len(answers.classes) == 1


class Backbone(nn.Module):
    """A stranger's encoder whose weights lie in a file of its own."""

    def __init__(self, *, in_features: int, picture_size: int, file: str) -> None:
        super().__init__()
        self.in_features, self.out_features, self.out_positions = in_features, 4, (picture_size // 4) ** 2
        self.layer = nn.Conv2d(in_features, 4, kernel_size=4, stride=4)
        self.file = file

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, 3, S, S] to [B, 4, S / 4, S / 4]."""
        return self.layer(x)

    def load_first_weights(self) -> None:
        """Load them."""
        self.layer.load_state_dict(load_file(self.file))


def test_a_class_of_ones_own_loads_its_weights_by_the_same_door(tmp_path: Path, part: Path) -> None:
    weights = nn.Conv2d(3, 4, kernel_size=4, stride=4).state_dict()
    save_file(weights, tmp_path / "mine.safetensors")
    own = {ENCODER: providers.Factory(Backbone, file=str(tmp_path / "mine.safetensors"))}
    settings = _settings(tmp_path, part, **{"submodules": {ENCODER: {"freeze": True}}})
    settings = {name: value for name, value in settings.items() if not name.startswith(ENCODER)}

    result = _bootstrap(settings, overrides=own).train()
    (tmp_path / "mine.safetensors").unlink()
    again = _from_checkpoint(result.best_checkpoint, overrides={ENCODER: Backbone})

    model = again.image_to_text.model()
    assert torch.equal(model.image_encoder.layer.weight, weights["weight"])


def test_two_parts_of_one_file_share_nothing(part: Path) -> None:
    one, other = (image_encoder(in_features=3, picture_size=16, weights=str(part)) for _ in range(2))
    for encoder in (one, other):
        encoder.load_first_weights()

    with torch.no_grad():
        for parameter in one.parameters():
            parameter.add_(1)

    wanted = _weights(part)
    assert all(torch.equal(value, wanted[name]) for name, value in other.state_dict().items())


class Eager(nn.Module):
    """A stranger's encoder that loads its weights where it shouldn't."""

    def __init__(self, *, in_features: int, picture_size: int) -> None:
        import transformers

        super().__init__()
        self.in_features, self.out_features, self.out_positions = in_features, 8, 16
        self.net = transformers.ViTModel.from_pretrained(os.environ["PART"])

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, 3, S, S] to [B, 8, 4, 4]."""
        features: Tensor = self.net(pixel_values=x).last_hidden_state
        return features[:, 1:].mT.unflatten(2, (4, 4))


def test_a_constructor_that_loads_weights_is_shown_the_door(
    tmp_path: Path, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PART", str(part))
    settings = {name: v for name, v in _settings(tmp_path, part).items() if not name.startswith(ENCODER)}

    report = check_application(_bootstrap(settings, overrides={ENCODER: Eager}))

    (fault,) = [one for one in report.faults if one.path == ENCODER]
    assert "load_first_weights(self)" in str(fault)


def test_a_cached_part_trains_the_same_and_computes_each_picture_once(tmp_path: Path, part: Path) -> None:
    def train(name: str, **policy: Any) -> Any:
        values = {
            "run_dir": str(tmp_path / name),
            "submodules": {ENCODER: {"freeze": True, **policy}},
            "trainer.max_epochs": 3,
            "image_to_text.augmentation.max_shift": 0,
        }
        application = _bootstrap(_settings(tmp_path, part, **values))
        return application.train(), application.image_to_text.model()

    plain, _ = train("plain")
    cached, model = train("cached", cache=True)

    torch.testing.assert_close(
        torch.tensor([*cached.validation_metrics.values()]),
        torch.tensor([*plain.validation_metrics.values()]),
        atol=1e-4,
        rtol=0,
    )
    assert "forward" not in vars(model.image_encoder)


def test_adapters_stand_beside_pretrained_weights(tmp_path: Path, part: Path) -> None:
    pytest.importorskip("peft", reason="the extra pretrained is not installed")
    lora = {"lora": {"rank": 2, "targets": ["q_proj", "v_proj"]}}
    values = {"submodules": {ENCODER: lora}, "trainer.max_epochs": 1}

    result = _bootstrap(_settings(tmp_path, part, **values)).train()
    part.rename(tmp_path / "gone")

    found = _encoder_in(result.best_checkpoint)
    (tmp_path / "gone").rename(part)
    wanted = _weights(part)
    assert all(torch.equal(found[name], value) for name, value in wanted.items())
    assert len(found) == len(wanted) + 8
    assert any(value.any() for name, value in found.items() if "lora_B" in name)


def test_a_pretrained_encoder_is_written_as_python(tmp_path: Path, part: Path) -> None:
    text = model_as_python(_bootstrap(_settings(tmp_path, part)))
    assert "from nested_lightning.app.submodules.pretrained.transformers_parts import image_encoder" in text

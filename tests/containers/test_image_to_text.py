"""The container of image-to-text: what is injected, overridden, seeded, trained and reloaded."""

from pathlib import Path
from typing import Any

import pytest
import torch
from dependency_injector import providers
from torch import Tensor, nn

from nested_lightning import bootstrap, from_checkpoint
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.submodules.bridges import EveryStepBridge
from nested_lightning.app.submodules.image_encoders import PlainImageEncoder, ResidualImageEncoder
from nested_lightning.app.submodules.text_decoders import LstmTextDecoder
from nested_lightning.settings.reading.merging import merge
from tests.app.image_to_text.captioned_folder import write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("shapes"))


@pytest.fixture
def settings(folder: Path, tmp_path: Path) -> dict[str, Any]:
    """Nested settings of image-to-text that train three epochs on small pictures on the CPU."""
    return {
        "model": "image-to-text",
        "run_dir": str(tmp_path / "run"),
        "trainer": {
            "max_epochs": 3,
            "accelerator": "cpu",
            "use_progress_bar": False,
            "num_threads": 1,
        },
        "image_to_text": {
            "data": {
                "path": str(folder),
                "picture_size": 16,
                "batch_size": 8,
                "split": {"kind": "random", "val_fraction": 0.2},
            },
            "image_encoder": {"stem_channels": 8, "stem_stride": 2, "channels": [8]},
            "bridge": {"out_features": 8},
            "text_decoder": {"embedding_dim": 6, "hidden_features": 8},
        },
    }


class MockEncoder(nn.Module):
    """Gives one position of two learned features whatever the picture, and counts its calls."""

    def __init__(self, *, in_features: int, picture_size: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = 2
        self.out_positions = 1
        self.features = nn.Parameter(torch.ones(2))
        self.num_calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.num_calls += 1
        return self.features.view(1, 2, 1, 1).expand(len(x), -1, -1, -1)


class MockDecoder(nn.Module):
    """Says word 4 and the end, whatever it is given."""

    def __init__(self, *, in_features: int, out_features: int, role: str) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.role = role
        self.scale = nn.Parameter(torch.ones(()))

    def start(self, context: Tensor) -> tuple[Tensor, ...]:
        return (context,)

    def forward(self, tokens: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        following = torch.where(tokens == 4, 2, 4)
        return self.scale * 9 * nn.functional.one_hot(following, self.out_features), state


def _train_one_step(container: Any) -> Any:
    model = container.image_to_text.model()
    batch = next(iter(container.image_to_text.datamodule().train_dataloader()))
    optimizer = container.image_to_text.optimizer(model.parameters())
    model.training_step(batch, 0).backward()
    optimizer.step()
    return model


def test_mock_encoder_and_decoder_train_and_generate_and_the_real_ones_are_back(
    settings: dict[str, Any],
) -> None:
    container = bootstrap(settings)
    family = container.image_to_text

    with (
        family.image_encoder.override(providers.Factory(MockEncoder)),
        family.text_decoder.override(providers.Factory(MockDecoder)),
    ):
        model = _train_one_step(container)
        captions = model.describe(family.datamodule().part("test").pictures)

    word = family.datamodule().data_spec.tokens[4]
    assert model.image_encoder.num_calls == 2
    assert set(captions) == {word}
    restored = family.model()
    assert isinstance(restored.image_encoder, ResidualImageEncoder)
    assert isinstance(restored.text_decoder, LstmTextDecoder)


@pytest.mark.parametrize("replaced", ["image_encoder", "text_decoder"])
def test_replacing_a_submodule_leaves_its_siblings_initial_weights(
    settings: dict[str, Any], replaced: str
) -> None:
    container = bootstrap(settings)
    before = container.image_to_text.model().state_dict()
    mock = {"image_encoder": _WideEncoder, "text_decoder": MockDecoder}[replaced]

    with getattr(container.image_to_text, replaced).override(providers.Factory(mock)):
        after = container.image_to_text.model().state_dict()

    siblings = [name for name in before if not name.startswith(replaced)]
    assert siblings
    assert all(torch.equal(before[name], after[name]) for name in siblings)


class _WideEncoder(MockEncoder):
    """A mock of the widths that the real one has here."""

    def __init__(self, *, in_features: int, picture_size: int) -> None:
        super().__init__(in_features=in_features, picture_size=picture_size)
        self.out_features, self.out_positions = 8, 16


def test_a_bridge_of_another_width_is_refused_with_both_widths(settings: dict[str, Any]) -> None:
    container = bootstrap(settings)
    mock = EveryStepBridge(in_features=3, in_positions=16)

    with (
        container.image_to_text.bridge.override(providers.Object(mock)),
        pytest.raises(
            WidthError, match=r"image_to_text\.image_encoder gives 8 .*image_to_text\.bridge takes 3"
        ),
    ):
        container.image_to_text.model()


def test_a_bridge_without_a_role_is_refused(settings: dict[str, Any]) -> None:
    container = bootstrap(settings)
    mock = nn.Identity()
    mock.out_features = 8  # type: ignore[assignment]

    with (
        container.image_to_text.bridge.override(providers.Object(mock)),
        pytest.raises(CompositionError, match=r"bridge: a ready Identity is refused: it has no role"),
    ):
        container.image_to_text.model()


def test_the_original_parts_are_a_preset(settings: dict[str, Any]) -> None:
    from nested_lightning.settings.image_to_text import ORIGINAL

    values = {**settings, "image_to_text": {"data": settings["image_to_text"]["data"]}}
    model = bootstrap(merge(values, ORIGINAL.values)).image_to_text.model()

    assert isinstance(model.image_encoder, PlainImageEncoder)
    assert (model.bridge.role, model.bridge.pooling) == ("initial_state", "mean")
    assert isinstance(model.text_decoder.recurrence, nn.LSTM)
    assert model.text_decoder.recurrence.hidden_size == 256


@pytest.mark.slow
def test_a_run_leaves_sample_captions_and_a_contact_sheet(settings: dict[str, Any], tmp_path: Path) -> None:
    result = bootstrap(settings).image_to_text.training_run()()

    assert (tmp_path / "run" / "captions-val.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "run" / "captions-test.png").exists()
    assert "epoch 2, val: '" in (tmp_path / "run" / "train.log").read_text()
    scores = {"loss", "perplexity", "token_accuracy", "exact_match", "word_error_rate", "bleu4", "chrf"}
    assert {f"test_{name}" for name in scores} <= set(result.test_metrics)


@pytest.mark.slow
def test_a_checkpoint_is_enough_to_write_the_same_captions(
    settings: dict[str, Any], tmp_path: Path, folder: Path
) -> None:
    trained = bootstrap(settings)
    trained.image_to_text.training_run()()
    best = tmp_path / "run" / "checkpoints" / "best.ckpt"
    nowhere = {"image_to_text": {"data": {"path": str(tmp_path / "nowhere")}}}

    application = from_checkpoint(best, changes=nowhere)
    again = application.image_to_text.predictor().predict_paths([folder / "images"])
    report = from_checkpoint(best).image_to_text.evaluator()("test")

    once = from_checkpoint(best).image_to_text
    part = once.datamodule().part("test")
    names = [str(folder / name) for name in once.datamodule().names("test")]
    by_name = {caption.picture: caption for caption in again}
    for name, caption in zip(names, once.predictor().predict(part.pictures), strict=True):
        assert by_name[name].text == caption.text
        assert by_name[name].log_probability == pytest.approx(caption.log_probability, abs=1e-4)
    assert report.num_samples == len(part)


@pytest.mark.slow
def test_small_model_learns_shapes_and_colours(settings: dict[str, Any]) -> None:
    longer = merge(
        settings,
        {
            "trainer": {"max_epochs": 40, "val_every_n_epochs": 40},
            "image_to_text": {
                "data": {"batch_size": 4},
                "augmentation": {"max_shift": 0},
                "image_encoder": {"stem_channels": 8, "channels": [16]},
                "bridge": {"out_features": 24},
                "text_decoder": {"embedding_dim": 12, "hidden_features": 24},
                "optimizer": {"lr": 5e-4},
            },
        },
    )

    result = bootstrap(longer).image_to_text.training_run()()

    assert result.test_metrics["test_exact_match"] > 0.5  # by chance 1 in 9
    assert result.test_metrics["test_word_accuracy"] > 0.8

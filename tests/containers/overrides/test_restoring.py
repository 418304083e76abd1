"""A recipe says what was overridden; a registered kind is rebuilt from it, anything else is given again."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from nested_lightning import bootstrap, from_checkpoint, overriding, resume_training
from nested_lightning.app.assembly.errors import OverrideRefusedError
from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO
from nested_lightning.app.checkpoints.inspection import describe_checkpoint
from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, RecordedOverride
from nested_lightning.app.submodules.heads import LinearHead
from nested_lightning.containers.overrides.recording import record
from nested_lightning.containers.overrides.restoring import OverrideNeededError, build_choice
from nested_lightning.containers.starting.swapping import swap_submodule
from nested_lightning.settings.choices.feature_extractors import LinearFeatureExtractorSettings
from nested_lightning.settings.reading.errors import SettingsError

EXTRACTOR = "multi_feature.feature_extractor"
KAR = "multi_feature.feature_extractors.kar"
HEAD = "multi_feature.head"


class Scaled(nn.Module):
    """A linear layer whose output is multiplied."""

    def __init__(self, *, in_features: int, factor: float = 1.0, wrong: int = 0) -> None:
        super().__init__()
        self.in_features, self.out_features, self.factor = in_features, 4, factor
        self.linear = nn.Linear(in_features, 4 + wrong)

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * self.linear(x)


def _save(settings: dict[str, Any], overrides: dict[str, Any], path: Path) -> nn.Module:
    container = bootstrap(settings, overrides=overrides)
    model: Any = container.multi_feature.model()
    checkpoint = {"state_dict": dict(model.state_dict()), CHECKPOINT_KEY: model.recipe.json}
    AtomicCheckpointIO().save_checkpoint(checkpoint, path)
    return model


@pytest.mark.parametrize(
    ("replacement", "recorded"),
    [
        (Scaled, ("import", f"{__name__}:Scaled", {})),
        (partial(Scaled, factor=2.0), ("import", f"{__name__}:Scaled", {"factor": 2.0})),
        (partial(nn.GELU, approximate=nn.GELU), ("object", "GELU", {})),  # type: ignore[arg-type]
        (LinearFeatureExtractorSettings(), ("registered", "linear", {"out_features": 32})),
        (Scaled(in_features=2), ("object", "a ready Scaled", {})),
        (lambda in_features: None, ("object", "<lambda>", {})),
    ],
)
def test_what_can_be_said_of_an_override_is_recorded(replacement: Any, recorded: tuple[Any, ...]) -> None:
    source, name, options = recorded

    assert record(replacement, HEAD) == RecordedOverride(path=HEAD, source=source, name=name, options=options)


@pytest.mark.slow
def test_a_registered_kind_is_rebuilt_from_the_file_alone(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    overrides = {KAR: LinearFeatureExtractorSettings(out_features=4)}
    trained = _save(small_settings, overrides, tmp_path / "model.ckpt")

    restored = from_checkpoint(tmp_path / "model.ckpt").multi_feature.model()

    assert type(restored.feature_extractors["kar"]).__name__ == "LinearFeatureExtractor"
    for name, tensor in trained.state_dict().items():
        assert torch.equal(restored.state_dict()[name], tensor)
    assert [each.name for each in restored.recipe.overrides] == ["linear"]


@pytest.mark.slow
def test_a_class_of_ones_own_has_to_be_given_again(small_settings: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "model.ckpt"
    trained = _save(small_settings, {EXTRACTOR: partial(Scaled, factor=3.0)}, file)

    with pytest.raises(OverrideNeededError) as caught:
        from_checkpoint(file)
    restored = from_checkpoint(file, overrides={EXTRACTOR: Scaled}).multi_feature.model()

    message = str(caught.value)
    assert str(file) in message
    assert f"--override {EXTRACTOR}=" in message
    assert f"overrides={{'{EXTRACTOR}': " in message
    assert restored.feature_extractors["kar"].factor == 3.0
    features = {"kar": torch.randn(2, 3), "fou": torch.randn(2, 2)}
    assert torch.equal(restored(features), trained.eval()(features))


def test_another_class_that_does_not_fit_is_refused(small_settings: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "model.ckpt"
    _save(small_settings, {EXTRACTOR: Scaled}, file)

    with pytest.raises(OverrideRefusedError, match="can't be called with in_features"):
        from_checkpoint(file, overrides={EXTRACTOR: nn.Bilinear})


@pytest.mark.slow
def test_what_the_model_does_not_consist_of_is_needed_for_training_alone(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    run = bootstrap(small_settings, overrides={"multi_feature.optimizer": torch.optim.SGD})
    run.multi_feature.training_run()()
    folder = tmp_path / "run"

    from_checkpoint(folder / "checkpoints" / "last.ckpt")
    with pytest.raises(OverrideNeededError, match=r"--override multi_feature.optimizer=torch.optim.sgd:SGD"):
        resume_training(folder)
    resumed = resume_training(folder, overrides={"multi_feature.optimizer": torch.optim.SGD})

    assert resumed.model.recipe.overrides[0].name == "torch.optim.sgd:SGD"  # type: ignore[union-attr, index]


@pytest.mark.slow
def test_a_run_without_a_checkpoint_knows_its_overrides(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    run = bootstrap(small_settings, overrides={EXTRACTOR: Scaled}).multi_feature.training_run()
    run.run_folder.write_settings({"model": "multi-feature"}, run.model.recipe)

    with pytest.raises(OverrideNeededError, match=EXTRACTOR):
        resume_training(tmp_path / "run")


@pytest.mark.slow
def test_swapping_keeps_other_overrides_and_ends_its_own(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "model.ckpt"
    overrides = {KAR: Scaled, HEAD: LinearHead}
    _save(small_settings, overrides, file)

    swap_submodule(file, HEAD, "normalized", tmp_path / "swapped.ckpt", overrides=overrides)

    assert list(describe_checkpoint(tmp_path / "swapped.ckpt").overrides) == [KAR]
    restored = from_checkpoint(tmp_path / "swapped.ckpt", overrides={KAR: Scaled}).multi_feature.model()
    assert type(restored.head).__name__ == "NormalizedHead"


def test_a_model_that_was_read_takes_no_override_that_would_do_nothing(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "model.ckpt"
    _save(small_settings, {}, file)
    container = from_checkpoint(file)

    with (
        pytest.raises(ValueError, match=r"give the override to from_checkpoint"),
        overriding(container, KAR, Scaled),
    ):
        pass


@pytest.mark.parametrize("path", [EXTRACTOR, KAR])
def test_a_batch_is_sent_through_before_the_first_step(small_settings: dict[str, Any], path: str) -> None:
    container = bootstrap(small_settings)

    with (
        overriding(container, path, partial(Scaled, wrong=1)),
        pytest.raises(OverrideRefusedError, match="publishes out_features=4, and gave 5 features"),
    ):
        container.multi_feature.training_run()


def test_a_ready_module_is_as_it_was_behind_the_check(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    ready = nn.Sequential(nn.BatchNorm1d(3), Scaled(in_features=3))
    ready.out_features = 4  # type: ignore[assignment]
    before = {name: tensor.clone() for name, tensor in ready.state_dict().items()}
    torch.manual_seed(0)
    drawn = torch.rand(3)
    torch.manual_seed(0)

    with overriding(container, KAR, ready):
        model = container.multi_feature.model()

    assert torch.equal(torch.rand(3), drawn)
    assert model.feature_extractors["kar"] is ready
    assert all(torch.equal(before[name], tensor) for name, tensor in ready.state_dict().items())
    assert all(parameter.grad is None and parameter.device.type == "cpu" for parameter in ready.parameters())


def test_a_damaged_file_cannot_put_more_than_a_line_before_a_person() -> None:
    with pytest.raises(ValueError, match="pattern"):
        TypeAdapter(RecordedOverride).validate_python(
            {"path": HEAD, "source": "import", "name": "a:b\nrm -rf /"}
        )


def test_a_registered_kind_with_many_wrong_options_has_a_line_for_each_and_a_count_of_the_rest() -> None:
    with pytest.raises(SettingsError) as raised:
        build_choice(EXTRACTOR, "periodic", {f"wrong_{number}": 1 for number in range(22)})
    *lines, rest = str(raised.value).splitlines()
    assert all(line.startswith(f"{EXTRACTOR}.wrong_") for line in lines)
    assert rest == "and 2 more mistakes"

"""Whether less or more of what is monitored is better, goes with what is monitored."""

from pathlib import Path

import pytest

from nested_lightning import SettingsError, load_settings
from nested_lightning.settings.application import change_settings
from nested_lightning.settings.families import families
from nested_lightning.settings.monitoring import mode_of
from nested_lightning.settings.reading.loading import collect_layers, resolve_layers

MODES = {
    "min": [
        "val_loss",
        "val_a_loss",
        "val_perplexity",
        "val_word_error_rate",
        "val_frechet_distance",
        "train_kl.a",
        "val/loss",
    ],
    "max": [
        "val_accuracy",
        "val_a_macro_f1",
        "val_exact_match",
        "val_bleu4",
        "val_chrf",
        "val_diversity",
        "val/acc_best",
    ],
    None: [
        "val_two_sample_accuracy",
        "train_a_weight",
        "val_a_num_samples",
        "val_thing",
        "learning_rate",
        "",
    ],
}


@pytest.mark.parametrize(("mode", "name"), [(mode, name) for mode, names in MODES.items() for name in names])
def test_mode_of_a_value_is_as_its_name_says(mode: str | None, name: str) -> None:
    assert mode_of(name) == mode


@pytest.mark.parametrize("model", families())
@pytest.mark.parametrize(("monitor", "mode"), [("val_loss", "min"), ("val_accuracy", "max")])
def test_mode_follows_the_monitor_in_every_family(model: str, monitor: str, mode: str) -> None:
    settings = load_settings(model=model, assignments=[f"trainer.monitor={monitor}"])

    assert settings.trainer.monitor_mode == mode
    assert settings.to_plain()["trainer"]["monitor_mode"] == mode


def test_mode_of_an_unknown_value_is_asked_for() -> None:
    with pytest.raises(
        SettingsError,
        match=r"^--set trainer\.monitor=val_x: trainer\.monitor = 'val_x': the name doesn't say",
    ):
        load_settings(model="variant", assignments=["trainer.monitor=val_x"])

    settings = load_settings(model="variant", assignments=["trainer={monitor: val_x, monitor_mode: min}"])
    assert settings.trainer.monitor_mode == "min"


def test_mode_that_a_lower_layer_has_for_another_value_is_dropped_and_that_is_said(tmp_path: Path) -> None:
    before = tmp_path / "settings.yaml"
    before.write_text("model: multi-feature\ntrainer: {monitor: val_loss, monitor_mode: min}\n")
    dropped: list[str] = []

    layers = collect_layers(config=before, assignments=["trainer.monitor=val_accuracy"])

    assert resolve_layers(layers, dropped).trainer.monitor_mode == "max"
    assert dropped == ["trainer.monitor: val_accuracy is new, so monitor_mode=min is dropped"]
    same = collect_layers(config=before, assignments=["trainer.monitor=val_loss"])
    assert resolve_layers(same).trainer.monitor_mode == "min"


def test_mode_goes_when_a_recorded_training_is_given_another_monitor() -> None:
    recorded = load_settings(model="multi-feature").to_plain()

    changed = change_settings(recorded, {"trainer": {"monitor": "val_accuracy"}})

    assert "monitor_mode" not in changed["trainer"]

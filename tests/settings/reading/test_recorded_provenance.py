"""Settings know where each of them was found, and a training's file keeps it."""

import pickle
from pathlib import Path

from nested_lightning.settings.application import ApplicationSettings, parse_settings
from nested_lightning.settings.reading.loading import load_settings
from nested_lightning.settings.reading.yaml_file import read_settings_file


def settings_from_everywhere(folder: Path) -> ApplicationSettings:
    file = folder / "mine.yaml"
    file.write_text("model: multi-feature\ntrainer:\n  max_epochs: 7\n")
    return load_settings(
        config=file,
        environ={"NESTED_LIGHTNING__SEED": "3"},
        assignments=["trainer.gradient_clip_val=2", "multi_feature.**.dropout=0.125"],
    )


def test_each_value_says_where_it_was_found(tmp_path: Path) -> None:
    places = settings_from_everywhere(tmp_path).provenance

    assert places["trainer.max_epochs"] == f"{tmp_path}/mine.yaml:3:3"
    assert places["seed"] == "NESTED_LIGHTNING__SEED"
    assert places["trainer.gradient_clip_val"] == "--set"
    assert places["multi_feature.head.dropout"] == "--set multi_feature.**.dropout"
    assert "trainer.precision" not in places


def test_settings_are_equal_wherever_they_were_found(tmp_path: Path) -> None:
    settings = settings_from_everywhere(tmp_path)

    assert settings == parse_settings(settings.to_plain())
    assert pickle.loads(pickle.dumps(settings)).provenance == settings.provenance


def test_file_of_a_training_keeps_it_and_is_read_back(tmp_path: Path) -> None:
    import yaml

    settings = settings_from_everywhere(tmp_path)
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(settings.with_provenance(settings.to_recorded())))

    *_, written = read_settings_file(file)
    again = load_settings(config=file)

    assert written.provenance == settings.provenance
    assert again == parse_settings(settings.to_recorded())
    assert again.provenance["seed"] == "NESTED_LIGHTNING__SEED"

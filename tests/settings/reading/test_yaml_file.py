"""Settings files: places, several of them, and what is refused."""

from pathlib import Path

import pytest

from nested_lightning import SettingsError, load_settings
from nested_lightning.settings.reading.yaml_file import read_settings_file


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_each_value_knows_its_file_line_and_column(tmp_path: Path) -> None:
    path = _write(tmp_path, "my.yaml", "seed: 1\ntrainer:\n  max_epochs: 3\n  devices: [0, 1]\n")

    (layer,) = read_settings_file(path)

    assert layer.values == {"seed": 1, "trainer": {"max_epochs": 3, "devices": [0, 1]}}
    assert layer.origin_of(("trainer", "max_epochs")) == f"{path}:3:3"
    assert layer.origin_of(("trainer", "devices", "1")) == f"{path}:4:16"


def test_a_mistake_begins_with_its_place(tmp_path: Path) -> None:
    path = _write(tmp_path, "my.yaml", "model: multi-feature\ntrainer:\n  max_epoch: 3\n  max_steps: many\n")

    with pytest.raises(SettingsError) as caught:
        load_settings(config=path)

    steps, epoch = caught.value.problems
    assert steps.startswith(f"{path}:4:3: trainer.max_steps = 'many': ")
    assert epoch.startswith(f"{path}:3:3: trainer.max_epoch = 3: unknown name; did you mean 'max_epochs'?")


def test_a_file_extends_another_relative_to_itself(tmp_path: Path) -> None:
    (tmp_path / "bases").mkdir()
    _write(tmp_path / "bases", "base.yaml", "model: multi-feature\nseed: 1\ntrainer: {max_epochs: 1}\n")
    path = _write(tmp_path, "my.yaml", "extends: bases/base.yaml\nseed: 2\n")

    settings = load_settings(config=path)

    assert (settings.seed, settings.trainer.max_epochs) == (2, 1)


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, "a.yaml", "extends: b.yaml\n")
    _write(tmp_path, "b.yaml", "extends: [a.yaml]\n")

    with pytest.raises(SettingsError, match="extends itself"):
        read_settings_file(path)


def test_a_number_written_without_a_dot_is_a_number(tmp_path: Path) -> None:
    path = _write(tmp_path, "my.yaml", "model: multi-feature\nmulti_feature: {optimizer: {lr: 1e-3}}\n")

    assert load_settings(config=path).multi_feature.optimizer.lr == 0.001


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    text = (
        "model: multi-feature\n"
        "multi_feature:\n"
        "  feature_extractor: &small {kind: plain, hidden_features: 8}\n"
        "  feature_extractors:\n"
        "    kar: *small\n"
        "    fou: {<<: *small, hidden_features: 9}\n"
    )

    extractors = load_settings(config=_write(tmp_path, "my.yaml", text)).multi_feature.feature_extractors

    assert (extractors["kar"].hidden_features, extractors["fou"].hidden_features) == (8, 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 1\nseed: 2\n", r":2:1: seed stands here a second time"),
        ("trainer:\n\tmax_epochs: 1\n", r":2:1: is not YAML: .*'\\t'"),
        ("a: &x [*x]\n", r"nested too deeply"),
        ("a: &x\n  <<: *x\n", r"nested too deeply"),
        ("[" * 5000, r"nested too deeply|not YAML"),
        ("- 1\n", r":1:1: names with values are needed"),
        ("? [a, b]\n: 1\n", r"a name must be a plain word"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            r":1:4: the tag .*python/object/apply:os.system can't be used here",
        ),
        ("a: [1\n", r"is not YAML"),
        ("a: {<<: 5}\n", r":1:4: expected a mapping or list of mappings for merging"),
        ("extends: [1]\n", r"extends names a file"),
        ("extends: nowhere.yaml\n", r"nowhere\.yaml: can't be read"),
    ],
)
def test_a_file_that_is_no_good_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = _write(tmp_path, "my.yaml", text)

    with pytest.raises(SettingsError, match=message):
        load_settings(model="multi-feature", config=path)


@pytest.mark.slow
def test_a_small_file_that_unfolds_into_a_huge_one_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    path = _write(tmp_path, "bomb.yaml", "\n".join(lines))

    with pytest.raises(SettingsError, match="too many values"):
        read_settings_file(path)


def test_all_that_is_wrong_in_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = _write(tmp_path, "my.yaml", "seed: 1\nseed: 2\ntrainer: {max_epochs: !!python/x 3}\nseed: 4\n")

    with pytest.raises(SettingsError) as caught:
        read_settings_file(path)

    assert [problem.removeprefix(f"{path}:").split(":")[0] for problem in caught.value.problems] == [
        "2",
        "4",
        "3",
    ]

"""A checkpoint is enough to build the same model again."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest
import torch
from dependency_injector import providers
from torch import nn

from nested_lightning import (
    SettingsError,
    bootstrap,
    family_container,
    from_checkpoint,
    load_settings,
    overriding,
)
from nested_lightning.app.errors import UserError
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import SharedTrainings

OWN_EXTRACTOR = {"multi_feature": {"feature_extractors": {"kar": {"kind": "residual", "out_features": 4}}}}


@pytest.fixture
def checkpoint(multi_feature: dict[str, Any], shared_trainings: SharedTrainings, tmp_path: Path) -> Path:
    """The best checkpoint of a short training, with an extractor of its own for one group."""
    return shared_trainings.copy(merge(multi_feature, OWN_EXTRACTOR), tmp_path / "run").best_checkpoint


def test_a_checkpoint_rebuilds_the_model_without_its_data(
    small_settings: dict[str, Any], small_csv: Path
) -> None:
    result = family_container(bootstrap(merge(small_settings, OWN_EXTRACTOR))).training_run()()
    checkpoint = Path(result.best_checkpoint)
    before = torch.load(checkpoint, weights_only=True)["state_dict"]
    small_csv.unlink()

    model = family_container(from_checkpoint(checkpoint)).model()

    assert not model.training
    assert model.group_names == ("kar", "fou")
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_checkpoint_of_another_program_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.ckpt"
    torch.save({"state_dict": {}, "epoch": 1}, file)

    with pytest.raises(UserError, match="has no recipe"):
        from_checkpoint(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 99}, "format version 99, and this release reads up to"),
        ({"settings": "none"}, "its recipe is damaged at settings"),
        ({"data_spec": {"groups": []}}, "no data spec of the multi-feature family"),
    ],
)
def test_a_damaged_or_newer_recipe_is_refused(
    checkpoint: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    content = torch.load(checkpoint, weights_only=True)
    recipe = json.loads(content["nested_lightning"]) | change
    content["nested_lightning"] = json.dumps(recipe)
    file = tmp_path / "changed.ckpt"
    torch.save(content, file)

    with pytest.raises(UserError, match=message):
        from_checkpoint(file)


@pytest.mark.parametrize(
    "settings",
    [
        "multi-feature",
        {"model": "multi-feature", "trainer.max_epochs": 3, "multi_feature.head.dropout": 0.25},
        Path("mine.yaml"),
        "mine.yaml",
    ],
)
def test_settings_come_as_people_have_them(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(
        "{model: multi-feature, trainer: {max_epochs: 3}, multi_feature: {head: {dropout: 0.25}}}"
    )

    found = bootstrap(settings).settings()

    values = found.trainer.max_epochs, found.multi_feature.head.dropout
    assert values == ((60, 0.3) if settings == "multi-feature" else (3, 0.25))


def test_settings_of_a_training_with_overrides_ask_for_them(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("{model: multi-feature, overrides: {multi_feature.head: my_module.Head (my_module.py)}}")

    for load in (bootstrap, lambda path: load_settings(config=path)):
        with pytest.raises(SettingsError, match=r"multi_feature\.head was overridden with my_module\.Head"):
            load(file)
    given = bootstrap(file, overrides={"multi_feature.head": nn.Identity})
    assert given.settings().model == "multi-feature"


def test_a_run_folder_is_its_best_checkpoint(checkpoint: Path) -> None:
    opened = from_checkpoint(checkpoint.parents[1]).multi_feature.model()

    wanted = from_checkpoint(checkpoint).multi_feature.model().state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in opened.state_dict().items())


def test_wrong_settings_are_refused_when_a_container_is_asked_for() -> None:
    with pytest.raises(SettingsError, match="did you mean 'seed'"):
        bootstrap({"model": "multi-feature", "sed": 1})


@pytest.mark.slow
def test_other_settings_reach_the_recipe_and_single_items_after_a_first_build() -> None:
    linear = {"multi_feature": {"feature_extractors": {"kar": {"kind": "linear"}}}}
    container: Any = bootstrap({"model": "multi-feature", "seed": 1})
    other = bootstrap({"model": "multi-feature", "seed": 2, **linear}).settings()

    def built() -> tuple[int, str]:
        extractor = container.multi_feature.feature_extractors("kar", in_features=3)
        return container.multi_feature.recipe().settings["seed"], type(extractor).__name__

    before = built()
    with overriding(container, "settings", providers.Object(other)):
        assert built() == (2, "LinearFeatureExtractor")
    assert built() == before == (1, "PeriodicFeatureExtractor")


SIZES = {
    "widths": ("feature_extractor", {"kind": "normalized", "hidden_features": 2**20, "out_features": 2**20}),
    "a width": ("feature_extractor", {"kind": "normalized", "hidden_features": 2 * 10**8}),
    "a width beyond all numbers": ("feature_extractor", {"kind": "normalized", "hidden_features": 10**25}),
}


@pytest.mark.parametrize(("name", "value"), SIZES.values(), ids=SIZES)
def test_a_recipe_larger_than_its_weights_is_refused_before_memory_is_taken(
    multi_feature: dict[str, Any],
    shared_trainings: SharedTrainings,
    tmp_path: Path,
    name: str,
    value: Any,
) -> None:
    path = shared_trainings.copy(multi_feature, tmp_path / "run").best_checkpoint
    content = torch.load(path, weights_only=True)
    recipe = json.loads(content["nested_lightning"])
    recipe["settings"]["multi_feature"][name] = value
    torch.save(content | {"nested_lightning": json.dumps(recipe)}, path)
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + (512 << 20), before[1]))
    try:
        with pytest.raises(
            (UserError, SettingsError),
            match=r"best\.ckpt: .*(weights don't fit its recipe|can't be built|less than or equal)",
        ) as refusal:
            from_checkpoint(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert "\n" not in str(refusal.value)

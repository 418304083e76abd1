"""Every setting has an effect: on first weights, batches, or what a training of two steps leaves behind."""

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from nested_lightning import ApplicationSettings, SettingsError, families, load_settings
from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.describing.reference import SettingRow, setting_rows
from nested_lightning.settings.reading.merging import nest_at
from tests.containers.odd_data import write_odd_data
from tests.containers.setting_effects import beginning, training
from tests.frozen.set_ups import TRAINED

HARDWARE = "another device, or another way to compute the same"
NOT_SEEN_HERE: dict[str, str] = {
    "trainer.accelerator": HARDWARE,
    "trainer.devices": HARDWARE,
    "trainer.use_distributed_sampler": HARDWARE,
    "trainer.num_nodes": HARDWARE,
    "trainer.strategy": HARDWARE,
    "trainer.num_threads": HARDWARE,
    "trainer.use_compilation": HARDWARE,
    "trainer.use_channels_last": HARDWARE,
    "trainer.is_deterministic": HARDWARE,
    "trainer.benchmark": HARDWARE,
    "trainer.sync_batchnorm": HARDWARE,
    "trainer.plugins": HARDWARE,
    "trainer.min_epochs": "needs a training that would stop early",
    "trainer.min_steps": "needs a training that would stop early",
    "trainer.max_time": "needs trainings of seconds",
    "trainer.num_sanity_val_steps": "says of an error before the first step",
    "trainer.reload_dataloaders_every_n_epochs": "the loaders are the same each time",
    "trainer.detect_anomaly": "says where a NaN comes from",
    "trainer.inference_mode": "another way to compute the same",
    "multi_feature.schedule.monitor": "is for ReduceLROnPlateau alone",
    "trainer.use_progress_bar": "shows on the terminal",
    "trainer.use_report": "writes a file at the end, see test_reports",
    "trainer.best_checkpoint": "needs a later validation that is worse",
    "trainer.checkpoint_every_n_steps": "needs a training that is interrupted",
    "trainer.checkpoint_every_n_seconds": "needs trainings of seconds",
    "multi_feature.data.storage.kind": "other places of the same rows",
    "multi_feature.data.storage.folder": "other places of the same rows",
}
"""Settings that change nothing of it, with the reason; `test_settings_given` sees that they are passed on."""

OWN_TABLES = {
    **dict.fromkeys(
        ("grouped", "temporal", "grouped_fold", "temporal_fold"), "test_group_splits, test_time_splits"
    ),
    **dict.fromkeys(("bag_of_words", "recurrent_text", "recurrent_sequence"), "test_sorts_of_groups"),
    **dict.fromkeys(("binary", "number", "counts", "labels", "several"), "test_objectives"),
    **dict.fromkeys(("timm", "torchvision", "timm_image", "torchvision_image"), "test_vision_parts"),
    **dict.fromkeys(("transformers_image", "transformers_text"), "test_pretrained_parts"),
    "transformers": "test_pretrained_parts, test_step_texts",
}
"""Kinds that need a table of their own, or files of weights, with the tests that train them."""
OWN_PATHS = (
    "multi_feature.data.grouping.sorts",
    "multi_feature.text_extractor.kind",
    "multi_feature.sequence_extractor.kind",
)
"""Settings that need one too."""

ITEMS = {
    "submodules": "multi_feature.head",
    "multi_feature.feature_extractors": "kar",
    "multi_feature.objective.class_weights": "dot",
    "vae_gan.vaes": "dot",
    "variant.variants": "letters",
}
"""A name that stands for NAME."""

UNUSED = {"is_trained": False, "is_evaluated": False}
OWN_SOURCES = {"variant": {"data": {"path": None}, "variants": {"image": UNUSED, "text": UNUSED}}}
COMPANIONS: dict[str, Any] = {
    "trainer.gradient_clip_algorithm": "trainer.gradient_clip_val=0.01",
    "multi_feature.schedule.frequency": "multi_feature.schedule.interval=step",
    "trainer.": {"trainer": {"max_steps": -1, "max_epochs": 5}, "multi_feature": {"optimizer": {"lr": 0.1}}},
    "trainer.early_stopping_patience": {
        "trainer": {"max_epochs": 8},
        "multi_feature": {"optimizer": {"lr": 3.0}},
    },
    "multi_feature.data.missing": "multi_feature.data.path=ODD/gaps.csv",
    "multi_feature.data.allow_missing_groups": "multi_feature.data.path=ODD/gaps.csv",
    "multi_feature.data.grouping.groups": "multi_feature.data.grouping.groups={a: [kar0], b: [fou0]}",
    "vae_gan.data.grouping.groups": "vae_gan.data.grouping.groups={a: [dot], b: [line, ring]}",
    "multi_feature.data.picture": "multi_feature.data.path=ODD/photos.csv",
    "multi_feature.picture_extractor": "multi_feature.data.path=ODD/photos.csv",
    "multi_feature.feature_extractors": "multi_feature.data.path=ODD/photos.csv",
    "image_to_text.data.fit": "image_to_text.data.path=ODD/wide",
    "image_to_text.data.is_lowercase": "image_to_text.data.path=ODD/wide",
    "image_to_text.data.split": "image_to_text.data.path=ODD/wide",
    "image_to_text.data.skip_bad": "image_to_text.data.path=ODD/lost",
    "variant.data.sampling": {"trainer": {"max_steps": -1, "max_epochs": 1}},
    "variant.variants.NAME.source": OWN_SOURCES,
    "variant.variants.NAME.source.kind": "variant.variants.letters.source.path=data/letters.jsonl",
}
"""What else must be set, so that a setting may be, or matters, by the beginning of a setting's path."""

SOURCES = {
    "digits": {"num_repeats": 1},
    "python": {"root": "../..", "window": 32, "margin": 4},
    "file": {"path": "data/letters.jsonl", "window": 4},
}
"""Settings of a variant's source that are there already, by kind."""

TORCH = {
    "optimizer": {"name": "RMSprop"},
    "schedule": {"name": "ExponentialLR", "options": {"gamma": 0.5}},
}
"""What a class of torch needs."""

OF_LARGE_GROUPS = ("hidden_features", "dropout")
"""Settings of kind ``periodic`` that only a group has which isn't embedded."""

CANDIDATES: list[Any] = [
    *(True, False, 1, 2, 3, 16, 0.25, 0.5, 0.75, "max", "val_accuracy", "x"),
    *(["x"], [1, 2], [0.5, 0.25], {"x": ["y"]}, {"x": 1}),
]
MOST_TRIES = 4
SECTIONS = {family.section: name for name, family in families().items()}
LOOKED_AT = ("multi_feature.", "trainer.", "image_to_text.data.", "variant.data.")
"""The others are looked at by `test_settings_given` alone."""
LIGHTNINGS = ("trainer.callbacks", "trainer.loggers")
"""Arguments of Lightning's own classes, see `test_callbacks` and `test_loggers`."""
ROWS = [
    row
    for row in setting_rows(application_settings_model())
    if row.allowed
    and row.path.startswith(LOOKED_AT)
    and row.path not in (*NOT_SEEN_HERE, *OWN_PATHS)
    and row.kind not in OWN_TABLES
    and not row.path.startswith(LIGHTNINGS)
]


def _names(row: SettingRow) -> list[str]:
    before, _, after = row.path.partition(".NAME")
    item = [] if before == row.path else [ITEMS[before]]
    if row.kind in ("projection", "perceptron", "picture") and item:
        item = ["points"]  # adapters of vectors
    if row.kind.endswith("_image") and item:
        item = ["photo"]
    return [*before.split("."), *item, *filter(None, after.split("."))]


@cache
def _odd_data() -> Path:
    return write_odd_data(Path(tempfile.mkdtemp()))


def _is_of_large_groups(row: SettingRow, name: str) -> bool:
    return row.kind == "periodic" and name in OF_LARGE_GROUPS


def _settings(row: SettingRow, value: Any = None) -> ApplicationSettings:
    model = SECTIONS.get(row.path.partition(".")[0], "multi-feature")
    *parent, name = _names(row)
    assigned: list[Any] = ["trainer.max_steps=2"]
    assigned += [nest_at([*parent, "kind"], row.kind)] if row.kind and name != "kind" else []
    if row.kind and row.path.startswith("variant.variants.NAME.source"):
        assigned += [nest_at(parent, SOURCES[row.kind])]
    assigned += [nest_at(parent, TORCH[parent[-1]])] if row.kind == "torch" and name != "kind" else []
    assigned += [nest_at([*parent, "max_embedded"], 0)] if _is_of_large_groups(row, name) else []
    companions = [more for path, more in COMPANIONS.items() if row.path.startswith(path)]
    companions = [
        more.replace("ODD", str(_odd_data())) if isinstance(more, str) else more for more in companions
    ]
    made = [nest_at([*parent, name], value)] if value is not None else []
    return load_settings(model=model, config="small.yaml", assignments=[*assigned, *companions, *made])


def _changed(row: SettingRow) -> Iterator[ApplicationSettings]:
    literals = [part.strip().strip('"') for part in row.allowed.replace(" or ", ",").split(",")]
    for value in [*literals, *CANDIDATES]:
        try:
            yield _settings(row, value)
        except SettingsError:
            continue


def _has_effect(before: ApplicationSettings, after: ApplicationSettings) -> bool:
    return any(_known(what, before.model_dump_json()) != what(after) for what in (beginning, training))


@cache
def _known(what: Callable[[ApplicationSettings], list[object]], settings: str) -> list[object]:
    return what(application_settings_model().model_validate_json(settings))


@pytest.mark.slow
def test_the_same_settings_have_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TRAINED / "multi-feature")
    settings = load_settings(model="multi-feature", config="small.yaml", assignments=["trainer.max_steps=2"])

    assert not _has_effect(settings, settings)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.path}-{row.kind}")
def test_a_change_of_a_setting_has_an_effect(row: SettingRow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TRAINED / SECTIONS.get(row.path.partition(".")[0], "multi-feature"))
    before = _settings(row)
    tried = [settings for settings in _changed(row) if settings != before][:MOST_TRIES]

    assert any(_has_effect(before, settings) for settings in tried), tried

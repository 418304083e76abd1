"""Every setting is read: a change of it changes what a provider, and by it a constructor, is given."""

from collections.abc import Iterator
from functools import cache, reduce
from typing import Any

import pytest
from dependency_injector import providers

from nested_lightning import SettingsError, bootstrap, families, load_settings
from nested_lightning.settings.application import ApplicationSettings, application_settings_model
from nested_lightning.settings.base import Settings
from nested_lightning.settings.describing.reference import SettingRow, setting_rows
from nested_lightning.settings.reading.merging import nest

ELSEWHERE = {
    "model": "chooses the container",
    "variant.token_adapter.kind": "there is one kind of them",
    "multi_feature.sequence_extractor.kind": "there is one kind of them",
    "submodules.NAME.lora.save": "needs an init_from beside it, see test_adapters",
    "prediction.device": "a predictor's model is moved there by whoever loads the checkpoint",
}
"""Settings that no provider is given, with what reads them."""

COMPANIONS: dict[str, dict[str, Any]] = {
    "multi_feature.data.grouping.groups": {"groups": {"x": ["z"]}},
    "multi_feature.data.grouping.sorts": {"groups": {"x": ["z"]}},
    "vae_gan.data.grouping.groups": {"groups": {"x": ["z"]}},
    "variant.variants.a.source.window": {"margin": 0},
    "variant.variants.a.source.margin": {"window": 100},
    "trainer.benchmark": {"is_deterministic": False},
    "trainer.gradient_clip_algorithm": {"gradient_clip_val": 1.0},
    "submodules.a.init_path": {"init_from": "a.ckpt"},
    "submodules.a.init_partly": {"init_from": "a.ckpt"},
    "submodules.a.unfreeze_at_epoch": {"freeze": True},
    **{f"submodules.a.lora.{name}": {"targets": ["x"]} for name in ("rank", "alpha", "dropout")},
}
"""What else must be set, so that a setting may be."""

NEEDED_BY_KIND: dict[str, dict[str, Any]] = {
    "early_stopping": {"monitor": "val_loss"},
    "on_exception_checkpoint": {"dirpath": "own"},
    "gradient_accumulation_scheduler": {"scheduling": {0: 2}},
    "torch": {"name": "RMSprop"},
    **{kind: {"column": "z"} for kind in ("grouped", "temporal", "grouped_fold", "temporal_fold")},
    "model_pruning": {"pruning_fn": "l1_unstructured"},
}
"""Settings of a kind that have no default."""

CANDIDATES: list[Any] = [
    True, False, 1, 2, 3, 16, 0.25, 0.5, 0.75, "max", "cuda", "val_accuracy", "x", ["x"], [1, 2], [0.5, 0.25],
    {"x": ["y"]}, {"x": 1}, {"x": "y"}, {"x": "text"}, {0: 3}, "00:01:00:00", ["SLURMEnvironment"], 64 * "a",
]  # fmt: skip
SECTIONS = {family.section: name for name, family in families().items()}
ROWS = [
    row
    for row in setting_rows(application_settings_model())
    if row.allowed and row.kind != "several"  # which needs columns besides, see test_objectives
]


def _assigned(row: SettingRow, value: Any) -> list[dict[str, Any]]:
    path = row.path.replace("NAME", "a")
    parent = path.rpartition(".")[0]
    made = [nest(f"{parent}.kind", row.kind)] if row.kind and not path.endswith(".kind") else []
    made += [nest(f"{parent}.{name}", other) for name, other in COMPANIONS.get(path, {}).items()]
    made += [nest(parent, NEEDED_BY_KIND[row.kind])] if row.kind in NEEDED_BY_KIND else []
    return [*made, nest(path, value)]


def _settings(row: SettingRow, value: Any = None) -> ApplicationSettings:
    model = SECTIONS.get(row.path.partition(".")[0], "multi-feature")
    assigned = _assigned(row, value)
    return load_settings(model=model, assignments=assigned if value is not None else assigned[:-1])


@cache
def _getters(model: str) -> list[tuple[str, list[str]]]:
    """Return the class of settings and the names of every value of them that a provider is given."""
    application: Any = bootstrap(load_settings(model=model))
    getters = [one for one in application.traverse() if isinstance(one, providers.AttributeGetter)]
    inner = {id(getter.provides) for getter in getters}
    roots = [(getter, _root(getter)) for getter in getters if id(getter) not in inner]
    named = [(root, _names(getter)) for getter, root in roots if root is not None]
    return [(type(root()).__name__, names) for root, names in named if names]


def _values_given(settings: ApplicationSettings) -> list[Any]:
    own = (settings.trainer, getattr(settings, settings.family.section))
    sections = {type(section).__name__: section for section in own}
    return [reduce(getattr, names, sections.get(root, settings)) for root, names in _getters(settings.model)]


def _names(getter: Any) -> list[str]:
    """Return the names ``a`` and ``b`` in ``provider.provided.a.b``."""
    is_getter = isinstance(getter, providers.AttributeGetter)
    return [*_names(getter.provides), str(getter.name)] if is_getter else []


def _root(provider: Any) -> Any:
    while isinstance(provider, providers.AttributeGetter | providers.ProvidedInstance):
        provider = provider.provides
    is_settings = isinstance(provider, providers.Dependency) and issubclass(
        provider.instance_of, Settings | ApplicationSettings
    )
    return provider if is_settings else None


def _changed(row: SettingRow) -> Iterator[ApplicationSettings]:
    literals = [part.strip().strip('"') for part in row.allowed.replace(" or ", ",").split(",")]
    for value in [*CANDIDATES, *literals]:
        try:
            yield _settings(row, value)
        except SettingsError:
            continue


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.path}-{row.kind}")
def test_a_change_of_a_setting_changes_what_a_constructor_is_given(row: SettingRow) -> None:
    if row.path in ELSEWHERE:
        pytest.skip(ELSEWHERE[row.path])
    before = _values_given(_settings(row))

    assert any(_values_given(settings) != before for settings in _changed(row)), row

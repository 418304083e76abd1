"""What holds for all settings of every family: as YAML they are the same again, and damage is told."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from nested_lightning import (
    ApplicationSettings,
    Family,
    SettingsError,
    families,
    load_settings,
    parse_settings,
)
from nested_lightning.settings.trainer import TrainerSettings
from tests.quick_first import quick_first
from tests.settings.random_settings import values_of

FAMILIES = list(families().values())
PRESETS = [(family.name, preset) for family in FAMILIES for preset in (None, *family.presets)]
every_family = pytest.mark.parametrize("family", quick_first(FAMILIES), ids=lambda family: family.name)
BOUND = frozenset({"min_epochs", "min_steps", "max_time", "benchmark", "gradient_clip_val"})
BOUND |= {"gradient_clip_algorithm", "val_every_n_epochs"}
"""Settings of the trainer that seldom go with others."""
some = hypothesis_settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _by_way_of_yaml(settings: ApplicationSettings, folder: Path) -> ApplicationSettings:
    path = folder / "settings.yaml"
    path.write_text(_dump(settings), encoding="utf-8")
    return load_settings(config=path)


def _dump(settings: ApplicationSettings) -> str:
    text: str = yaml.safe_dump(settings.to_plain(), sort_keys=False, allow_unicode=True)
    return text


@pytest.mark.slow
@every_family
@given(data=st.data())
@some
def test_settings_as_yaml_are_the_same_again(family: Family, tmp_path: Path, data: st.DataObject) -> None:
    values: dict[str, Any] = {
        "model": family.name,
        "seed": data.draw(st.integers(0, 2**32 - 1)),
        "trainer": data.draw(values_of(TrainerSettings, without=BOUND)),
        family.section: data.draw(values_of(family.settings)),
    }
    try:
        settings = parse_settings(values)
    except SettingsError:
        assume(False)  # fields that exclude each other

    assert _by_way_of_yaml(settings, tmp_path) == settings


@pytest.mark.parametrize(("family", "preset"), PRESETS)
def test_presets_as_yaml_are_the_same_again(family: str, preset: str | None, tmp_path: Path) -> None:
    settings = load_settings(model=family, presets=[preset] if preset else [])

    assert _by_way_of_yaml(settings, tmp_path) == settings


@pytest.mark.slow
@every_family
@given(data=st.data())
@some
def test_random_damage_to_a_valid_file_is_never_more_than_a_settings_error(
    family: Family, tmp_path: Path, data: st.DataObject
) -> None:
    valid = _dump(load_settings(model=family.name))
    start = data.draw(st.integers(0, len(valid)))
    end = data.draw(st.integers(start, min(len(valid), start + 12)))
    put_in = data.draw(
        st.one_of(st.text(max_size=8), st.sampled_from(["<<: 5", "*a", "&a ", "!!set ", "\t", "{", "- "]))
    )
    path = tmp_path / "damaged.yaml"
    path.write_bytes((valid[:start] + put_in + valid[end:]).encode("utf-8", errors="surrogatepass"))

    try:
        settings = load_settings(config=path)
    except SettingsError as error:
        assert str(error)  # noqa: PT017  # either outcome is right
    else:
        assert parse_settings(settings.to_plain()) == settings

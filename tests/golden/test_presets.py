"""Each preset of each family, as set and built; ``RENEW_GOLDEN=1 pytest tests/golden`` renews the files."""

from pathlib import Path

import pytest
from dependency_injector import providers

from nested_lightning import bootstrap, family_container, find_family, load_settings
from nested_lightning.testing.golden import assert_golden
from nested_lightning.testing.small_specs import small_spec
from tests.frozen.set_ups import FAMILIES
from tests.quick_first import quick_first

FOLDER = Path(__file__).parent
PRESETS = [(name, preset) for name in FAMILIES for preset in (None, *find_family(name).presets)]


def golden_file(family: str, preset: str | None) -> Path:
    return FOLDER / f"{family}.{preset or 'defaults'}.yaml"


@pytest.mark.parametrize(("family", "preset"), quick_first(PRESETS))
def test_a_preset_is_set_and_built_as_it_stands_in_its_file(family: str, preset: str | None) -> None:
    application = bootstrap(load_settings(model=family, presets=[preset] if preset else []))
    if family == "variant":  # which else reads the library of this Python
        spec = small_spec(family)
        family_container(application).known_data_spec.override(providers.Object(spec))

    assert_golden(golden_file(family, preset), application)


def test_each_preset_has_a_file_and_nothing_else_has() -> None:
    assert {golden_file(*one) for one in PRESETS} == {*FOLDER.glob("*.yaml")}

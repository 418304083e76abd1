"""Faults in how a container is put together: each names the provider."""

from dataclasses import replace
from typing import Any

import pytest
from dependency_injector import providers

from nested_lightning import bootstrap
from nested_lightning.containers.application import compose_application
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.multi_feature import MultiFeatureContainer
from nested_lightning.containers.providing.choices import build_chosen


class Lacking(MultiFeatureContainer):
    """Has inputs that nobody gives."""

    unknown: Any = providers.Dependency()
    missing: Any = providers.Dependency()


def _faults(container: Any) -> list[str]:
    return [str(fault) for fault in check_application(container).faults]


def test_inputs_that_nothing_provides_are_named_at_once() -> None:
    settings = bootstrap({"model": "multi-feature"}).settings()
    family = replace(settings.family, container=f"{__name__}.{Lacking.__name__}")

    (fault,) = _faults(compose_application(family)(settings=settings))

    assert "multi_feature.unknown" in fault
    assert "multi_feature.missing" in fault


@pytest.mark.parametrize("family", ["multi-feature", "image-to-text", "vae-gan", "variant"])
def test_the_containers_that_ship_lack_no_input(family: str) -> None:
    bootstrap({"model": family}).check_dependencies()


def test_a_misspelt_setting_is_a_fault_of_the_provider_that_reads_it() -> None:
    container: Any = bootstrap({"model": "multi-feature"})
    family = container.multi_feature
    family.head.set_args(family.settings.provided.haed)

    (fault,) = _faults(container)

    assert fault.startswith("multi_feature.head: it can't be built: AttributeError")
    assert "'MultiFeatureSettings' object has no attribute 'haed'" in fault


@pytest.mark.slow
def test_a_keyword_that_the_chosen_class_does_not_take_is_reported_with_other_faults() -> None:
    container: Any = bootstrap({"model": "multi-feature"})
    container.multi_feature.head.add_kwargs(out_feature=3)
    container.multi_feature.feature_extractor.add_kwargs(out_feature=3)

    found = "\n".join(_faults(container))

    assert "multi_feature.head: it can't be built: MemberHead: got an unexpected keyword" in found
    assert "did you mean 'out_features'?" in found
    assert "multi_feature.feature_extractors.kar: it can't be built: PeriodicFeatureExtractor: got" in found


@pytest.mark.slow
def test_providers_that_need_one_another_are_a_fault() -> None:
    container: Any = bootstrap({"model": "multi-feature"})
    family = container.multi_feature
    family.head.set_provides(build_chosen)
    family.combiner.add_kwargs(loop=family.head)
    family.head.add_kwargs(loop=family.combiner)

    found = "\n".join(_faults(container))

    assert "these providers need one another: combiner → head → combiner" in found

"""Faults in containers that are seen without calling a provider."""

from dataclasses import replace
from typing import Any

from dependency_injector import providers

from nested_lightning import bootstrap
from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.checking.report import CheckReport
from nested_lightning.containers.application import compose_application
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.checking.wiring_faults import find_wiring_faults
from nested_lightning.containers.multi_feature import MultiFeatureContainer as Plain


class Faulty(Plain):
    """Has each kind of fault once."""

    first: Any = providers.Factory(dict)
    second: Any = providers.Factory(dict, first=first)
    unknown: Any = providers.Dependency()
    lacking: Any = providers.Factory(dict, x=unknown)
    misspelt_input: Any = providers.Factory(dict, x=Plain.trainer.lightning_trainr)
    misspelt_setting: Any = providers.Factory(dict, x=Plain.settings.provided.data.pth)
    misspelt_attribute: Any = providers.Factory(dict, x=Plain.datamodule.provided.data_spek)
    wrong_keyword: Any = providers.Factory(Assembler, sed=1, path="x")
    incomplete: Any = providers.Factory(Assembler, seed=1)
    outer: Any = providers.Factory(dict, inner=incomplete)


Faulty.first.add_kwargs(others=providers.List(Faulty.second))


class Circular(Plain):
    """Its model can't be built: what it needs needs the model."""

    left: Any = providers.Factory(dict)
    model: Any = providers.Factory(dict, left=left)


Circular.left.add_kwargs(right=Circular.model)


def _container(kind: type) -> Any:
    settings = bootstrap({"model": "multi-feature"}).settings()
    family = replace(settings.family, container=f"{__name__}.{kind.__name__}")
    return compose_application(family)(settings=settings)


def test_every_kind_of_fault_is_found_at_once() -> None:
    found = "\n".join(map(str, find_wiring_faults(_container(Faulty))))
    assert "multi_feature.first → multi_feature.second → multi_feature.first" in found
    assert "multi_feature.lacking: 'x' is missing: nothing provides multi_feature.unknown" in found
    assert (
        "nothing provides multi_feature.trainer.lightning_trainr; did you mean 'lightning_trainer'?" in found
    )
    assert "multi_feature.misspelt_setting: provided.data.pth" in found
    assert "did you mean 'path'?" in found
    assert "MultiFeatureDataModule has no 'data_spek'; did you mean 'data_spec'?" in found
    assert "multi_feature.wrong_keyword: Assembler takes no keyword 'sed'; did you mean 'seed'?" in found
    assert "multi_feature.incomplete: Assembler needs 'path', which isn't given to it" in found
    assert len(found.splitlines()) == 7


def test_the_containers_that_ship_have_none() -> None:
    for family in ("multi-feature", "image-to-text", "vae-gan", "variant"):
        assert list(find_wiring_faults(bootstrap({"model": family}))) == []


def test_a_keyword_that_the_chosen_class_does_not_take_is_reported_with_the_other_faults() -> None:
    container: Any = bootstrap({"model": "multi-feature"})
    container.multi_feature.splitter.add_kwargs(sedd=3)
    container.multi_feature.head.add_kwargs(out_feature=3)
    found = "\n".join(str(fault) for fault in check_application(container).faults)
    assert "multi_feature.splitter: RandomSplitter takes no keyword 'sedd'; did you mean 'seed'?" in found
    assert "multi_feature.head: NormalizedHead takes no keyword 'out_feature'" in found


def test_a_model_that_needs_itself_isnt_built() -> None:
    report: CheckReport = check_application(_container(Circular))
    (fault,) = report.faults
    assert "multi_feature.left → multi_feature.model" in f"{fault.what} → multi_feature.model"

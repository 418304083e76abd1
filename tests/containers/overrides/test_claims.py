"""Overrides of several threads and tasks at once."""

import asyncio
import threading
from typing import Any

import pytest
from torch import nn

from nested_lightning import bootstrap
from nested_lightning.app.submodules.combiners import Concatenation
from nested_lightning.containers.overrides.applying import overriding
from nested_lightning.containers.overrides.claims import OverrideInUseError
from nested_lightning.testing.doubles import SubmoduleDouble


def _types(container: Any) -> dict[str, str]:
    """Return the class of each group's extractor in a new model."""
    return {
        name: type(one).__name__ for name, one in container.multi_feature.model().feature_extractors.items()
    }


@pytest.mark.slow
def test_overrides_of_two_threads_may_end_in_any_order(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with overriding(container, "multi_feature.feature_extractors.kar", SubmoduleDouble):
            entered.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    with overriding(container, "multi_feature.feature_extractors.fou", SubmoduleDouble):
        assert _types(container) == {"kar": "SubmoduleDouble", "fou": "SubmoduleDouble"}
        leave.set()
        thread.join()
        model = container.multi_feature.model()
        assert [each.path for each in model.recipe.overrides] == ["multi_feature.feature_extractors.fou"]

    assert _types(container) == dict.fromkeys(["kar", "fou"], "PeriodicFeatureExtractor")
    assert container.multi_feature.model().recipe.overrides == ()


def test_another_thread_cannot_override_the_same_provider_meanwhile(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    errors: list[OverrideInUseError] = []

    def override() -> None:
        try:
            with overriding(container, "multi_feature.head", nn.Identity):
                pass
        except OverrideInUseError as error:
            errors.append(error)

    with overriding(container, "multi_feature.head", nn.Identity):
        thread = threading.Thread(target=override)
        thread.start()
        thread.join()
    override()

    assert len(errors) == 1
    assert str(errors[0]).count("test_claims.py:") == 2


def test_another_task_cannot_override_the_same_provider_meanwhile(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    async def hold(entered: asyncio.Event, leave: asyncio.Event) -> None:
        with overriding(container, "multi_feature.head", nn.Identity):
            entered.set()
            await leave.wait()

    async def compete() -> None:
        entered, leave = asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(hold(entered, leave))
        await entered.wait()
        with pytest.raises(OverrideInUseError), overriding(container, "multi_feature.head", nn.Identity):
            pass
        with overriding(container, "multi_feature.combiner", Concatenation):
            pass
        leave.set()
        await holder

    asyncio.run(compete())

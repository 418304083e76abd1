"""A process that makes one container after another keeps none of them."""

import gc

import pytest
from dependency_injector import providers

from nested_lightning import bootstrap


def _num_providers() -> int:
    gc.collect()
    return sum(issubclass(type(one), providers.Provider) for one in gc.get_objects())


@pytest.mark.slow
def test_containers_that_are_not_used_any_more_leave_no_providers() -> None:
    bootstrap({"model": "multi-feature"})
    before = _num_providers()
    for _ in range(3):
        bootstrap({"model": "multi-feature"})

    assert _num_providers() == before

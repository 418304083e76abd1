"""`NamedProviders`: one overridable provider for each name."""

from typing import Any

import pytest
from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer

from nested_lightning.containers.providing.named import NamedProviders


def _describe(name: str, **kwargs: Any) -> tuple[str, dict[str, Any]]:
    return name, kwargs


class _Container(DeclarativeContainer):
    items = NamedProviders(providers.Callable(_describe))


def test_an_item_is_built_by_its_name_and_the_callers_keywords() -> None:
    container = _Container()

    assert container.items("kar", in_features=2) == ("kar", {"in_features": 2})
    assert container.items["kar"](in_features=2) == ("kar", {"in_features": 2})
    assert container.items.kar(in_features=2) == ("kar", {"in_features": 2})


def test_an_override_of_one_item_leaves_the_others_and_is_put_back() -> None:
    container = _Container()

    with container.items["kar"].override(providers.Object("mock")):
        assert container.items("kar") == "mock"
        assert container.items("fou") == ("fou", {})

    assert container.items("kar") == ("kar", {})


def test_an_override_is_put_back_after_an_exception() -> None:
    container = _Container()

    with pytest.raises(RuntimeError), container.items["kar"].override(providers.Object("mock")):
        raise RuntimeError

    assert container.items("kar") == ("kar", {})


def test_an_override_of_the_whole_wins_over_its_items() -> None:
    container = _Container()

    with container.items.override(providers.Callable(lambda name: f"all {name}")):
        assert container.items("kar") == "all kar"


def test_two_containers_share_no_override() -> None:
    one, other = _Container(), _Container()

    with one.items["kar"].override(providers.Object("mock")):
        assert other.items("kar") == ("kar", {})


def test_an_override_on_the_class_reaches_containers_made_afterwards() -> None:
    class Fresh(DeclarativeContainer):
        items = NamedProviders(providers.Callable(_describe))

    with Fresh.items["kar"].override(providers.Object("mock")):
        assert Fresh().items("kar") == "mock"

    assert Fresh().items("kar") == ("kar", {})

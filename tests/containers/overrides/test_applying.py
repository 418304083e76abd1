"""Overriding by dotted path: any depth, several at a time, put back, and guarded."""

import pickle
from typing import Any

import pytest
import torch
from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer
from torch import Tensor, nn

from nested_lightning import bootstrap, find_family, parse_settings
from nested_lightning.app.submodules.feature_extractors import PeriodicFeatureExtractor
from nested_lightning.containers.application import compose_application
from nested_lightning.containers.overrides.applying import overriding
from nested_lightning.containers.overrides.provider_paths import OverridePathError, find_provider


class MockExtractor(nn.Module):
    """Gives a learned constant."""

    def __init__(self, *, in_features: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = 4
        self.constant = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.constant.expand(len(x), -1)


def _types(container: Any) -> dict[str, str]:
    extractors = container.multi_feature.model().feature_extractors
    return {name: type(extractor).__name__ for name, extractor in extractors.items()}


REAL = PeriodicFeatureExtractor.__name__
MOCK = MockExtractor.__name__


def test_a_class_takes_the_place_of_every_groups_extractor(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    with overriding(container, "multi_feature.feature_extractor", MockExtractor):
        assert _types(container) == {"kar": MOCK, "fou": MOCK}

    assert _types(container) == {"kar": REAL, "fou": REAL}


def test_an_item_is_overridden_by_its_name(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    with overriding(container, "multi_feature.feature_extractors.kar", MockExtractor):
        assert _types(container) == {"kar": MOCK, "fou": REAL}


def test_a_ready_module_a_function_and_a_provider_can_be_put_in(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    ready = MockExtractor(in_features=3)

    with overriding(container, "multi_feature.feature_extractors.kar", ready):
        assert container.multi_feature.model().feature_extractors["kar"] is ready
    with overriding(container, "multi_feature.feature_extractors.kar", lambda in_features: ready):
        assert container.multi_feature.model().feature_extractors["kar"] is ready
    with overriding(container, "multi_feature.feature_extractors.kar", providers.Object(ready)):
        assert container.multi_feature.model().feature_extractors["kar"] is ready


def test_several_are_overridden_together_or_not_at_all(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    kar, fou = "multi_feature.feature_extractors.kar", "multi_feature.feature_extractors.fou"

    with overriding(container, {kar: MockExtractor, fou: MockExtractor}):
        assert _types(container) == {"kar": MOCK, "fou": MOCK}
    with (
        pytest.raises(OverridePathError),
        overriding(container, {kar: MockExtractor, "multi_feature.nothing": MockExtractor}),
    ):
        pass

    assert _types(container) == {"kar": REAL, "fou": REAL}


def test_nested_overrides_are_put_back_one_by_one(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    path = "multi_feature.feature_extractors.kar"
    inner = MockExtractor(in_features=3)

    with overriding(container, path, MockExtractor):
        with overriding(container, path, inner):
            assert container.multi_feature.model().feature_extractors["kar"] is inner
        assert _types(container)["kar"] == MOCK

    assert _types(container)["kar"] == REAL


def test_an_override_is_put_back_after_an_exception(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)

    with (
        pytest.raises(RuntimeError, match="stop"),
        overriding(container, "multi_feature.feature_extractor", MockExtractor),
    ):
        raise RuntimeError("stop")

    assert _types(container) == {"kar": REAL, "fou": REAL}


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("multi_feature.feature_extracto", "near: feature_extractor"),
        ("multi_featur.head", "near: multi_feature"),
        ("multi_feature.head.linear", "there is no 'linear' in multi_feature.head"),
        ("multi_feature.feature_extractor.kar", "near: multi_feature.feature_extractors.kar"),
        ("", "there is no ''"),
    ],
)
def test_an_unknown_path_is_refused_with_near_ones(
    small_settings: dict[str, Any], path: str, near: str
) -> None:
    with pytest.raises(OverridePathError) as caught:
        find_provider(bootstrap(small_settings), path)

    assert near in str(caught.value)


def test_a_singleton_is_built_anew_on_both_sides_of_an_override(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    before = container.multi_feature.datamodule()
    run_folder = container.trainer.run_folder()

    with overriding(container, "multi_feature.splitter", container.multi_feature.splitter()):
        within = container.multi_feature.datamodule()
        assert container.trainer.run_folder() is run_folder

    after = container.multi_feature.datamodule()
    assert len({id(before), id(within), id(after)}) == 3


def test_it_works_below_the_container_of_a_host(small_settings: dict[str, Any]) -> None:
    family = find_family("multi-feature")

    class Host(DeclarativeContainer):
        learning: Any = providers.Container(
            compose_application(family), settings=providers.Object(parse_settings(small_settings))
        )

    host = Host()

    with overriding(host, "learning.multi_feature.feature_extractors.kar", MockExtractor):
        assert _types(host.learning) == {"kar": MOCK, "fou": REAL}
        (recorded,) = host.learning.multi_feature.model().recipe.overrides
        assert (
            recorded.path == "multi_feature.feature_extractors.kar"
        )  # as a checkpoint's own container has it
    assert _types(host.learning) == {"kar": REAL, "fou": REAL}


class Part:
    def __init__(self, **values: Any) -> None:
        self.values = values


class Collections(DeclarativeContainer):
    part: providers.Factory[Part] = providers.Factory(Part, name="real")
    tools = providers.Dict(
        {"a.b": providers.Factory(Part, name="dotted")},
        first=part,
        more=providers.List(providers.Factory(Part, name="zero"), providers.Factory(Part, name="one")),
    )
    kinds: providers.Aggregate[Any] = providers.Aggregate(one=providers.Factory(Part, name="one"))
    shared: providers.Singleton[Part] = providers.Singleton(Part, tools=tools)


@pytest.mark.parametrize(
    ("path", "look"),
    [
        ("tools.first", lambda host: host.tools()["first"]),
        ("tools.a%2Eb", lambda host: host.tools()["a.b"]),
        ("tools.more.1", lambda host: host.tools()["more"][1]),
        ("kinds.one", lambda host: host.kinds("one")),
        ("part", lambda host: host.tools()["first"]),
    ],
)
def test_items_of_dicts_and_lists_are_overridden_by_name_at_any_depth(path: str, look: Any) -> None:
    host = Collections()
    before = look(host)

    with overriding(host, path, "mock"):
        assert look(host) == "mock"

    assert look(host).values == before.values


def test_an_unknown_item_is_refused_with_the_near_ones() -> None:
    with pytest.raises(OverridePathError, match="there is no 'frist' in tools; near: first"):
        find_provider(Collections(), "tools.frist")
    with pytest.raises(OverridePathError, match=r"there is no '2' in tools.more; near: 0, 1"):
        find_provider(Collections(), "tools.more.2")


def test_a_singleton_that_holds_an_item_is_built_anew_on_both_sides() -> None:
    host = Collections()
    before = host.shared()

    with overriding(host, "tools.more.0", "mock"):
        assert host.shared().values["tools"]["more"][0] == "mock"

    assert host.shared() is not before
    assert host.shared().values["tools"]["more"][0].values == {"name": "zero"}


def test_it_works_through_a_host_that_was_given_a_live_container(small_settings: dict[str, Any]) -> None:
    application = bootstrap(small_settings)

    class Host(DeclarativeContainer):
        learning = providers.DependenciesContainer()

    host = Host(learning=application)

    with overriding(host, "learning.multi_feature.feature_extractors.kar", MockExtractor):
        assert _types(application) == {"kar": MOCK, "fou": REAL}
    assert _types(application) == {"kar": REAL, "fou": REAL}
    with pytest.raises(OverridePathError, match="learning: no container is given there yet"):
        find_provider(Host(), "learning.multi_feature.head")


def test_settings_can_be_sent_to_another_process(small_settings: dict[str, Any]) -> None:
    settings = parse_settings(small_settings)

    assert pickle.loads(pickle.dumps(settings)) == settings

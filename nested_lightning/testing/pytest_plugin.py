"""The pytest plug-in of Nested Lightning: fixtures ``application`` and ``override``, and marks for both.

A project opts into it in its outermost ``conftest.py``:
``pytest_plugins = ["nested_lightning.testing.pytest_plugin"]``. torch isn't imported before a test asks for a
fixture.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

_HELD = pytest.StashKey[list[Any]]()
_OVERRIDDEN = pytest.StashKey[dict[str, dict[str, int]]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    config.addinivalue_line(
        "markers",
        "nested_settings(values): nested settings of the fixture application, e.g. "
        "{'model': 'multi-feature'}; those of a test are put over those of its class and module.",
    )
    config.addinivalue_line(
        "markers",
        "nested_override(path, replacement): put something in a provider's place in the fixture application.",
    )


@pytest.fixture
def nested_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings of `application`: those of the marks ``nested_settings``, the nearest on top.

    A project may have a fixture of this name of its own.
    """
    from nested_lightning.settings.reading.merging import merge

    values: dict[str, Any] = {}
    for mark in reversed([*request.node.iter_markers("nested_settings")]):
        values = merge(values, *mark.args)
    if "model" not in values:
        pytest.fail(
            "the fixture application needs settings that name a family, e.g. "
            "@pytest.mark.nested_settings({'model': 'multi-feature'}), or a fixture nested_settings",
            pytrace=False,
        )
    return values


@pytest.fixture
def application(nested_settings: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Any]:
    """A container of the application, with the overrides of the marks ``nested_override``."""
    from nested_lightning.containers.overrides.applying import overriding
    from nested_lightning.containers.starting.bootstrapping import bootstrap

    container = bootstrap(nested_settings)
    with ExitStack() as stack:
        for mark in reversed([*request.node.iter_markers("nested_override")]):
            stack.enter_context(overriding(container, *mark.args))
        yield container
    container.shutdown_resources()


@pytest.fixture
def override(application: Any) -> Iterator[Callable[..., None]]:
    """Put something in a provider's place until the test ends: ``override("multi_feature.head", MyHead)``."""
    from nested_lightning.containers.overrides.applying import overriding

    with ExitStack() as stack:

        def override_until_the_end(*path_and_replacement: Any) -> None:
            stack.enter_context(overriding(application, *path_and_replacement))

        yield override_until_the_end


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Remember what is overridden before a test."""
    yield
    item.stash[_OVERRIDDEN] = _overridden(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fail a test that leaves something overridden, and undo that."""
    yield
    leaks = [*_end_leaked_blocks(item.config), *_leaked_overrides(item)]
    if leaks:
        pytest.fail(f"{item.nodeid} leaves overridden: {'; '.join(leaks)}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[Any]:
    """Remember the overrides of longer-lived fixtures, which a test doesn't leak."""
    before = _open_claims()
    made = yield
    if fixturedef.scope != "function":
        held = request.config.stash.setdefault(_HELD, [])
        held += [claim for claim in _open_claims() if claim not in before]
    return made


def _open_claims() -> list[Any]:
    claims: Any = sys.modules.get("nested_lightning.containers.overrides.claims")
    return claims.open_claims() if hasattr(claims, "open_claims") else []


def _end_leaked_blocks(config: pytest.Config) -> list[str]:
    held = config.stash.get(_HELD, [])
    leaked = [claim for claim in _open_claims() if claim not in held]
    for claim in reversed(leaked):
        claim.end()
    return [f"{claim.path} at {claim.place}" for claim in leaked]


def _leaked_overrides(item: pytest.Item) -> list[str]:
    before = item.stash.get(_OVERRIDDEN, {})
    return [
        f"{path} of the fixture {fixture}"
        for fixture, now in _overridden(item).items()
        for path, count in now.items()
        if count > before.get(fixture, {}).get(path, 0)
    ]


def _overridden(item: pytest.Item) -> dict[str, dict[str, int]]:
    """Return how often each provider of a container is overridden that lives longer than a test."""
    ours: Any = sys.modules.get("nested_lightning.containers.overrides.model_provider")
    if not hasattr(ours, "list_overridden"):
        return {}
    return {name: dict(ours.list_overridden(container)) for name, container in _shared_containers(item)}


def _shared_containers(item: Any) -> Iterator[tuple[str, Any]]:
    definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    for name, value in getattr(item, "funcargs", {}).items():
        has_longer_life = name in definitions and definitions[name][-1].scope != "function"
        if has_longer_life and hasattr(value, "providers") and hasattr(value, "traverse"):
            yield name, value

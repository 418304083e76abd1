"""The pytest plug-in, in a project of a user's own, in a process of its own."""

import os

import pytest

from tests.command_line import PROJECT

pytest_plugins = ["pytester"]

OPTED_INTO = ("-p", "nested_lightning.testing.pytest_plugin", "-p", "no:xdist")

TESTS = """
import pytest
from torch import nn
from nested_lightning import overriding
from nested_lightning.testing.doubles import SubmoduleDouble

SETTINGS = {"model": "multi-feature"}
HEAD = "multi_feature.head"
pytestmark = pytest.mark.nested_settings(SETTINGS)

def head_of(application):
    return type(application.multi_feature.head(in_features=2, out_features=3)).__name__

@pytest.mark.nested_settings({"multi_feature": {"head": {"kind": "linear"}}})
def test_marks_are_put_over_each_other(application):
    assert head_of(application) == "LinearHead"

@pytest.mark.nested_override(HEAD, SubmoduleDouble)
def test_a_mark_overrides(application):
    assert head_of(application) == "SubmoduleDouble"

def test_a_fixture_overrides_until_the_end(application, override):
    override(HEAD, SubmoduleDouble)
    assert head_of(application) == "SubmoduleDouble"

def test_nothing_is_left_of_that(application):
    assert head_of(application) == "MemberHead"

@pytest.fixture(scope="module")
def shared():
    from nested_lightning import bootstrap
    return bootstrap(SETTINGS)

@pytest.fixture(scope="module")
def held(shared):
    with overriding(shared, "multi_feature.combiner", SubmoduleDouble):
        yield

def test_a_block_that_never_ends(shared):
    shared.block = overriding(shared, HEAD, SubmoduleDouble)
    shared.block.__enter__()

def test_the_containers_own_way(shared):
    assert head_of(shared) == "MemberHead"
    shared.multi_feature.head.override(SubmoduleDouble)

def test_a_longer_fixture_may_hold(shared, held):
    pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A user's project, with this one beside it as an installed package would be."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    return pytester


@pytest.mark.slow
def test_fixtures_and_marks_override_and_a_leak_fails_the_test_by_name(project: pytest.Pytester) -> None:
    project.makepyfile(test_of_a_user=TESTS)

    done = project.runpytest_subprocess(*OPTED_INTO, "--strict-markers")

    done.assert_outcomes(passed=7, errors=2)
    done.stdout.fnmatch_lines(
        [
            "*::test_a_block_that_never_ends leaves overridden: multi_feature.head at *test_of_a_user.py:*",
            "*::test_the_containers_own_way leaves overridden: multi_feature.head of the fixture shared*",
        ]
    )


@pytest.mark.slow
def test_nothing_of_ours_is_imported_without_a_fixture(project: pytest.Pytester) -> None:
    project.mkpydir("app")
    project.makepyfile(
        """
        import sys
        import app

        def test_nothing(request):
            assert "nested_lightning.testing.pytest_plugin" in sys.modules
            for name in ("torch", "dependency_injector", "nested_lightning.containers"):
                assert name not in sys.modules
            assert "test_nothing_of_ours" in app.__file__
        """
    )

    done = project.runpytest_subprocess(*OPTED_INTO)

    done.assert_outcomes(passed=1)


@pytest.mark.slow
def test_without_settings_the_fixture_says_what_it_needs(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(application): pass")

    done = project.runpytest_subprocess(*OPTED_INTO)

    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*needs settings that name a family*"])

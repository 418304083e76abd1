"""The graph that is drawn of a model: what stands in it, and how often."""

from typing import Any

from torch import nn

from nested_lightning import bootstrap, family_container, overriding
from nested_lightning.app.checking.drawing.model_graph import ModelGraph
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.checking.model_graph import build_graph
from nested_lightning.containers.checking.resolved_providers import resolve_model
from nested_lightning.settings.reading.merging import merge, nest


def _graph(settings: dict[str, Any], replacements: dict[str, Any]) -> ModelGraph:
    application = bootstrap(settings)
    with overriding(application, replacements):
        report = check_application(application)
        tree = resolve_model(family_container(application), makers=report.makers)
    return build_graph(report, tree, title="drawn")


def test_one_instance_at_two_places_is_one_node_that_names_both(small_settings: dict[str, Any]) -> None:
    grouping = {"kind": "explicit", "groups": {"a": ["kar0"], "b": ["kar1"]}}
    settings = merge(small_settings, nest("multi_feature.data.grouping", grouping))
    paths = [f"multi_feature.feature_extractors.{group}" for group in "ab"]

    nodes = _graph(settings, dict.fromkeys(paths, nn.Linear(1, 4))).nodes

    titles = [node.title for node in nodes if node.title.startswith("feature_extractors.")]
    assert titles == ["feature_extractors.a = feature_extractors.b"]


def test_what_flows_and_what_is_overridden_is_marked(small_settings: dict[str, Any]) -> None:
    drawn = _graph(small_settings, {"multi_feature.feature_extractors.kar": nn.Linear(3, 4)})

    assert [node.name for node in drawn.nodes if node.is_overridden] == ["feature_extractors.kar"]
    labels = {(edge.source, edge.target): edge.label for edge in drawn.edges}
    assert labels["datamodule", "feature_extractors.kar"] == "[2, 3]"
    assert labels["feature_extractors.kar", "combiner"] == "[2, 4]"


def test_decoders_reach_the_discriminator_by_the_vae_that_returns_their_pictures(
    picture_settings: dict[str, Any],
) -> None:
    drawn = _graph(picture_settings, {})

    following: dict[str, set[str]] = {}
    for edge in drawn.edges:
        following.setdefault(edge.source, set()).add(edge.target)
    vaes = [
        node.name for node in drawn.nodes if node.name.removeprefix("vaes.").isalpha() and "." in node.name
    ]
    assert vaes
    for vae in vaes:
        assert following[f"{vae}.decoder"] == {vae}
        assert "discriminators.shared" in following[vae]

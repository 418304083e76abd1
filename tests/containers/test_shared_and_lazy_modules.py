"""Submodules of one's own that stand at two places, or learn their width from the first batch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import nested_lightning as nl
from nested_lightning.app.checkpoints.inspection import describe_checkpoint
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.settings.reading.merging import merge

EXTRACTORS = "multi_feature.feature_extractors"


class Extractor(nn.Module):
    """Takes groups of two columns."""

    def __init__(self) -> None:
        super().__init__()
        self.in_features, self.out_features = 2, 4
        self.layer = nn.Linear(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class LazyExtractor(nn.Module):
    """Takes what comes."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.out_features = 4
        self.layers = nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def _train(settings: dict[str, Any], overrides: dict[str, Any]) -> Path:
    quick = merge(settings, {"trainer": {"max_epochs": 1}})
    run = nl.family_container(nl.bootstrap(quick, overrides=overrides)).training_run()
    best: Path = run().best_checkpoint
    return best


@pytest.fixture
def equal_groups(small_csv: Path, small_settings: dict[str, Any]) -> dict[str, Any]:
    lines = small_csv.read_text().splitlines()
    small_csv.write_text("\n".join(line.split(",", 1)[1] for line in lines) + "\n")
    return small_settings


def test_an_extractor_that_two_groups_share_is_checked_trained_inspected_and_restored(
    equal_groups: dict[str, Any],
) -> None:
    shared = {f"{EXTRACTORS}.{group}": Extractor() for group in ("kar", "fou")}
    shared[f"{EXTRACTORS}.fou"] = shared[f"{EXTRACTORS}.kar"]
    frozen = merge(equal_groups, {"submodules": {f"{EXTRACTORS}.fou": {"freeze": True}}})

    report = check_application(nl.bootstrap(frozen, overrides=shared))
    best = _train(frozen, shared)
    restored = nl.family_container(nl.from_checkpoint(best, overrides=shared)).model()
    described = describe_checkpoint(best)

    assert not report.faults
    assert {row.path: row.same_as for row in report.rows if row.same_as} == {
        "feature_extractors.fou": "feature_extractors.kar"
    }
    assert restored.feature_extractors["kar"] is restored.feature_extractors["fou"]
    assert not restored.feature_extractors["kar"].layer.weight.requires_grad
    assert described.submodules[EXTRACTORS] == described.submodules[f"{EXTRACTORS}.kar"] == 12
    assert described.num_weights == 12 + described.submodules["multi_feature.head"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["class", "ready", "unchecked"])
def test_lazy_layers_are_checked_trained_and_restored(small_settings: dict[str, Any], kind: str) -> None:
    def lazy() -> Any:
        ready = LazyExtractor(3)
        waived = nl.unchecked(ready, because="it is a test")
        return {"class": LazyExtractor, "ready": ready, "unchecked": waived}[kind]

    path = f"{EXTRACTORS}.kar"
    report = check_application(nl.bootstrap(small_settings, overrides={path: lazy()}))
    best = _train(small_settings, {path: lazy()})
    restored = nl.family_container(nl.from_checkpoint(best, overrides={path: lazy()})).model()

    assert not report.faults
    assert next(row.num_parameters for row in report.rows if row.path == "feature_extractors.kar") == 24
    assert restored.feature_extractors["kar"].layers[0].weight.shape == (4, 3)


@pytest.mark.slow
def test_weights_of_lazy_layers_depend_on_the_seed_and_the_path_alone(small_settings: dict[str, Any]) -> None:
    def weights(seed: int, *groups: str) -> Tensor:
        overrides = {f"{EXTRACTORS}.{group}": LazyExtractor for group in groups}
        application = nl.bootstrap({**small_settings, "seed": seed}, overrides=overrides)
        model = nl.family_container(application).model()
        found: Tensor = model.feature_extractors["fou"].layers[0].weight
        return found

    before = torch.get_rng_state()
    assert torch.equal(weights(1, "fou"), weights(1, "kar", "fou"))
    assert not torch.equal(weights(1, "fou"), weights(2, "fou"))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_lazy_layer_that_no_batch_reaches_is_named(small_settings: dict[str, Any]) -> None:
    class Idle(LazyExtractor):
        def forward(self, x: Tensor) -> Tensor:
            return x.new_zeros(len(x), 4)

    application = nl.bootstrap(small_settings, overrides={f"{EXTRACTORS}.kar": Idle})

    with pytest.raises(nl.UserError, match=r"kar\.layers\.0: this lazy layer learns its width"):
        nl.family_container(application).model()


def test_a_width_that_the_data_do_not_have_is_a_fault_of_the_submodule(
    small_settings: dict[str, Any],
) -> None:
    head = nl.unchecked(nn.Linear(8, 7), because="it is a test")

    report = check_application(nl.bootstrap(small_settings, overrides={"multi_feature.head": head}))

    assert any(
        fault.path == "multi_feature.head" and "change what overrides multi_feature.head" in fault.hint
        for fault in report.faults
    )

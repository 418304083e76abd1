"""What `check_application` finds before anything is trained."""

import time
from pathlib import Path
from typing import Any

import pytest
import torch
from dependency_injector import providers
from torch import Tensor, nn

from nested_lightning import bootstrap, overriding, unchecked
from nested_lightning.app.checking.submodule_table import CheckReport
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.settings.reading.merging import merge, nest
from tests.command_line import Program
from tests.conftest import make_picture_folder
from tests.tiny_variants import variant_settings

KAR, FOU = "multi_feature.feature_extractors.kar", "multi_feature.feature_extractors.fou"


class Extractor(nn.Module):
    """Two linear maps, of which only one is used; its output may be another than it says."""

    def __init__(self, *, in_features: int, out_features: int = 4, published: int = 4) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, published
        self.used, self.unused = nn.Linear(in_features, out_features), nn.Linear(1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x)


class AsksForNumbers(Extractor):
    def forward(self, x: Tensor) -> Tensor:
        return self.used(x) * (2 if x.sum().item() > 0 else 1)


class ChoosesByMask(Extractor):
    def forward(self, x: Tensor) -> Tensor:
        return self.used(x) + x[x > 0].sum()


class NarrowHead(nn.Module):
    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(5, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


def _waived(replacement: Any) -> Any:
    return unchecked(replacement, because="its faults are what the check is to find")


def _check(settings: dict[str, Any], overrides: dict[str, Any] | None = None, **options: Any) -> CheckReport:
    container = bootstrap(settings)
    waived = {path: _waived(replacement) for path, replacement in (overrides or {}).items()}
    with overriding(container, waived):
        return check_application(container, **options)


def _lines(report: CheckReport) -> list[str]:
    return [str(fault) for fault in report.faults]


def _family_settings(family: str, tmp_path: Path) -> dict[str, Any]:
    if family == "vae-gan":
        data = {"path": str(make_picture_folder(tmp_path)), "image_size": 6}
        return {"model": family, "vae_gan": {"data": data}}
    if family == "variant":
        return variant_settings(tmp_path / "lines", tmp_path / "run")
    return {"model": family}


@pytest.mark.slow
@pytest.mark.parametrize("family", ["image-to-text", "vae-gan", "variant"])
def test_all_steps_of_a_family_as_it_ships_are_checked_without_a_fault(family: str, tmp_path: Path) -> None:
    report = check_application(bootstrap(_family_settings(family, tmp_path)))
    assert _lines(report) == []
    assert report.unchecked == ()
    assert {row.class_name for row in report.rows}


def test_what_a_submodule_takes_gives_and_costs(small_settings: dict[str, Any]) -> None:
    settings = merge(
        small_settings, {"submodules": {"multi_feature.head": {"lr": 0.5}, KAR: {"freeze": True}}}
    )
    rows = {row.path: row for row in _check(settings).rows}
    kar, head = rows["feature_extractors.kar"], rows["head"]
    assert (kar.provider, kar.inputs, kar.outputs) == ("feature_extractor", ((2, 3),), ((2, 4),))
    assert (kar.num_frozen, kar.gradient_bytes, kar.optimizer_bytes) == (kar.num_parameters, 0, 0)
    assert head.learning_rates == (0.5,)
    assert head.gradient_bytes == head.parameter_bytes == 4 * head.num_parameters
    assert head.optimizer_bytes is not None
    assert head.optimizer_bytes >= 2 * head.parameter_bytes  # Adam remembers two numbers of each


def test_independent_faults_are_reported_at_once(small_settings: dict[str, Any]) -> None:
    settings = merge(
        small_settings,
        nest("multi_feature.feature_extractors.kra.out_features", 3)
        | {"submodules": {"multi_feature.haed": {"freeze": True}}},
    )
    lying = providers.Factory(Extractor, published=9)
    report = _check(
        settings, {KAR: lying, "multi_feature.head": NarrowHead, f"{KAR}y": Extractor, FOU: Extractor}
    )
    found = "\n".join(_lines(report))
    assert "feature_extractors.kra: the data has no such group; did you mean 'kar'?" in found
    assert "multi_feature.haed: there is no such submodule" in found
    assert f"{KAR}: it publishes out_features=9, and gave 4 features" in found
    assert "multi_feature.combiner gives 13 features, but multi_feature.head takes 5" in found
    assert f"{FOU}: 2 parameters without a gradient: unused.weight, unused.bias" in found
    assert f"{KAR}y: it is overridden to no effect" in found


class FailsBackwards(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        raise ValueError("backwards it fails")


class LinearThatFailsBackwards(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return FailsBackwards.apply(super().forward(x))  # type: ignore[no-untyped-call]


@pytest.mark.slow
def test_brief_check_finds_what_no_gradient_arrives_at_and_computes_gradients_only_for_that(
    small_settings: dict[str, Any],
) -> None:
    (line,) = _lines(_check(small_settings, {FOU: Extractor}, is_brief=True))
    assert "2 parameters without a gradient" in line
    failing = {"multi_feature.head": LinearThatFailsBackwards}
    assert "backwards it fails" in "".join(_lines(_check(small_settings, failing)))
    assert _lines(_check(small_settings, failing, is_brief=True)) == []


def test_widths_that_differ_name_both_sides_and_the_settings_to_change(
    small_settings: dict[str, Any],
) -> None:
    changes = {"combiner": {"kind": "gated_sum"}, "feature_extractors": {"kar": {"out_features": 3}}}
    (line,) = _lines(_check(merge(small_settings, {"multi_feature": changes})))
    assert "kar gives 3, fou gives 4" in line
    assert "multi_feature.feature_extractor.out_features" in line
    assert f"{KAR}.out_features" in line


def test_settings_of_an_item_are_named_where_they_stand() -> None:
    own = {"text": {"adapter": {"kind": "embedding", "out_features": 5}}}
    narrow = {"variant.decoders.text": nn.Linear(7, 10), "variant.decoders.image": nn.Linear(7, 10)}
    hints = [one.hint for one in _check({"model": "variant", "variant.variants": own}, narrow).faults]
    assert hints[0].startswith("set variant.variants.image.adapter.out_features, or change")
    assert hints[1].startswith("set variant.variants.text.adapter.out_features, or change")


def test_a_head_that_publishes_no_width_is_held_to_the_one_it_was_asked_for(
    small_settings: dict[str, Any],
) -> None:
    (line,) = _lines(_check(small_settings, {"multi_feature.head": providers.Factory(nn.Identity)}))
    assert "multi_feature.head: it was asked for out_features=" in line
    assert "and gave 8 features" in line


def test_a_width_that_does_not_fit_the_data_names_the_group(small_settings: dict[str, Any]) -> None:
    replacements = {"multi_feature.feature_extractors.kar": nn.Linear(7, 4)}
    fault, *_ = _check(small_settings, replacements).faults
    assert "the data's group 'kar' gives 3 features" in fault.what
    assert fault.hint == "change what overrides multi_feature.feature_extractors.kar"


def test_a_module_that_ignores_the_width_it_is_given_is_named_with_its_giver(
    small_settings: dict[str, Any],
) -> None:
    (line,) = _lines(_check(small_settings, {"multi_feature.head": NarrowHead}))
    assert "multi_feature.combiner gives 8 features, but multi_feature.head takes 5" in line


@pytest.mark.parametrize(("asks", "why"), [(AsksForNumbers, "item"), (ChoosesByMask, "mask")])
def test_what_needs_values_is_not_checkable_on_meta_and_no_fault(
    small_settings: dict[str, Any], asks: type[Extractor], why: str
) -> None:
    report = _check(small_settings, {KAR: asks, "multi_feature.head": NarrowHead})
    assert [unchecked.path for unchecked in report.unchecked] == [KAR]
    assert why in str(report.unchecked[0])
    assert [fault.path for fault in report.faults] == ["multi_feature.head"]  # what comes behind is checked


def test_two_real_samples_are_computed_on_the_cpu(small_settings: dict[str, Any]) -> None:
    report = _check(small_settings, {KAR: AsksForNumbers}, has_real_batch=True)
    assert report.unchecked == ()
    assert [fault.path for fault in report.faults] == [KAR]  # its layer that isn't used
    assert {row.inputs for row in report.rows if row.path == "feature_extractors.kar"} == {((2, 3),)}


def test_parameters_without_an_optimiser_are_named(small_settings: dict[str, Any]) -> None:
    forgetful = lambda params: torch.optim.SGD(list(params)[:-1], lr=0.1)  # noqa: E731
    (line,) = _lines(_check(small_settings, {"multi_feature.optimizer": forgetful}))
    assert line.startswith("multi_feature.head: 1 parameter without an optimiser: layers.8.bias")


def test_a_default_that_every_item_replaces_is_overridden_to_no_effect(
    small_settings: dict[str, Any],
) -> None:
    own = {"feature_extractors": {"kar": {"out_features": 4}, "fou": {"out_features": 4}}}
    report = _check(
        merge(small_settings, {"multi_feature": own}), {"multi_feature.feature_extractor": Extractor}
    )
    assert [fault.path for fault in report.faults] == ["multi_feature.feature_extractor"]


def test_one_instance_at_two_places_is_counted_once(small_settings: dict[str, Any]) -> None:
    settings = merge(
        small_settings,
        nest("multi_feature.data.grouping", {"kind": "explicit", "groups": {"a": ["kar0"], "b": ["kar1"]}}),
    )
    shared = nn.Linear(1, 4)
    paths = [f"multi_feature.feature_extractors.{group}" for group in "ab"]
    rows = {row.path: row for row in _check(settings, dict.fromkeys(paths, shared)).rows}
    assert rows["feature_extractors.b"].same_as == "feature_extractors.a"
    assert (rows["feature_extractors.a"].num_parameters, rows["feature_extractors.b"].num_parameters) == (
        8,
        0,
    )


def test_a_ready_module_is_left_as_it_was(small_settings: dict[str, Any]) -> None:
    ready = nn.Linear(3, 4)
    before = ready.weight.clone()
    report = _check(merge(small_settings, {"submodules": {KAR: {"freeze": True}}}), {KAR: ready})
    assert _lines(report) == []
    assert torch.equal(ready.weight, before)
    assert ready.weight.requires_grad
    assert ready.weight.grad is None


def test_a_check_leaves_container_and_random_numbers_as_they_were(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    check_application(container)
    assert torch.equal(torch.rand(3), expected)
    model = container.multi_feature.model()
    assert not any(parameter.is_meta for parameter in model.parameters())


@pytest.mark.slow
def test_a_model_of_seventy_billion_parameters_is_checked_in_little_memory(forked_code: Program) -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30, 12 * 2**30))
from nested_lightning import bootstrap
from nested_lightning.containers.checking.model_check import check_application
report = check_application(bootstrap({
    "model": "multi-feature",
    "multi_feature": {"feature_extractor": {"hidden_features": 90_000_000}},
}))
assert not report.faults and not report.unchecked, report
print(sum(row.num_parameters for row in report.rows), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = forked_code(code)
    num_parameters, peak_kib = map(int, done.stdout.split())
    assert num_parameters > 70e9
    assert peak_kib < 2 * 2**20


@pytest.mark.slow
def test_a_frozen_variant_has_no_gradient_and_is_no_fault(tmp_path: Path) -> None:
    settings = merge(_family_settings("variant", tmp_path), nest("variant.variants.letters.is_frozen", True))
    assert _lines(check_application(bootstrap(settings))) == []


@pytest.mark.slow
def test_a_group_more_takes_a_check_a_few_hundredths_of_a_second(tmp_path: Path) -> None:
    names = [f"g{group}_0" for group in range(200)]
    rows = [
        ",".join([f"{(row * 7 + place) % 11}" for place in range(200)] + ["uv"[row % 2]]) for row in range(20)
    ]
    (tmp_path / "wide.csv").write_text("\n".join([",".join([*names, "label"]), *rows]) + "\n")
    data = {"path": str(tmp_path / "wide.csv"), "label": "label", "grouping": {"kind": "prefix"}}
    application = bootstrap({"model": "multi-feature", "multi_feature": {"data": data}})
    started = time.process_time()
    report = check_application(application)
    assert time.process_time() - started < 0.05 * len(names)
    assert len(report.rows) == len(names) + 3
    assert not report.faults

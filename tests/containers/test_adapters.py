"""Submodules whose frozen layers have adapters: trained, kept, opened, merged."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from nested_lightning import (
    UserError,
    bootstrap,
    bootstrap_from,
    family_container,
    from_checkpoint,
    resume_training,
)
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.checkpoints.inspection import describe_checkpoint
from nested_lightning.app.training.adapters import is_of_adapter
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.settings.reading.merging import merge
from tests.command_line import Program
from tests.conftest import NORMALIZED
from tests.containers.owning.small_training import Small, run_of
from tests.containers.shared_trainings import cut_off

EXTRACTORS = "multi_feature.feature_extractors.*"
LORA: dict[str, Any] = {"rank": 1, "targets": ["layers.0", "layers.4"]}
ROW = {"kar0": 0.5, "kar1": 1.0, "kar2": -2.0, "fou0": 4.0, "fou1": 0.1}

needs_peft = pytest.mark.usefixtures("peft")


@pytest.fixture
def peft() -> Any:
    """The package, which is of the extra ``pretrained``."""
    return pytest.importorskip("peft", reason="peft is of the extra 'pretrained'")


@pytest.fixture
def small_settings(small_settings: dict[str, Any]) -> dict[str, Any]:
    """With layers that targets can name."""
    return merge(small_settings, NORMALIZED)


@pytest.fixture
def adapted(small_settings: dict[str, Any]) -> dict[str, Any]:
    """Settings in which both extractors have adapters, which learn quickly."""
    return with_policy(small_settings, lora=LORA, lr=0.1)


def with_policy(settings: dict[str, Any], path: str = EXTRACTORS, **policy: Any) -> dict[str, Any]:
    return merge(settings, {"submodules": {path: policy}})


def run_in(settings: dict[str, Any], folder: Path | None = None) -> TrainingRun:
    placed = settings if folder is None else settings | {"run_dir": str(folder)}
    run: TrainingRun = family_container(bootstrap(placed)).training_run()
    return run


def state_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def differing(one: dict[str, Tensor], other: dict[str, Tensor]) -> set[str]:
    assert one.keys() == other.keys()
    return {name for name in one if not torch.equal(one[name], other[name])}


def logits(model: Any) -> Tensor:
    example = {"kar": torch.tensor([[0.5, 1.0, -2.0]]), "fou": torch.tensor([[4.0, 0.1]])}
    with torch.no_grad():
        return model.eval()(example)


@needs_peft
def test_adapters_learn_and_what_they_are_beside_stays(adapted: dict[str, Any], tmp_path: Path) -> None:
    run = run_in(adapted)
    before = state_of(run.model)

    run()

    changed = differing(before, state_of(run.model))
    own = {name for name in changed if not name.startswith("head.")}
    assert own == {name for name in before if is_of_adapter(name)}
    assert len(own) == 8
    assert {name for name in changed if name.startswith("head.")} == {
        n for n in before if n.startswith("head.")
    }
    said = (tmp_path / "run/train.log").read_text()
    assert ".kar: adapters at 2 layers ('layers.0', 'layers.4'): 23 numbers learn beside 76 frozen" in said


@needs_peft
def test_outputs_begin_as_those_of_the_same_model_without(
    small_settings: dict[str, Any], adapted: dict[str, Any]
) -> None:
    plain, model = run_in(small_settings).model, run_in(adapted).model

    assert torch.equal(logits(model), logits(plain))
    shared = {name: value for name, value in state_of(model).items() if not is_of_adapter(name)}
    assert not differing(shared, state_of(plain))


@needs_peft
def test_a_checkpoint_opens_in_another_process_with_what_was_learned(
    adapted: dict[str, Any], program: Program, tmp_path: Path
) -> None:
    run = run_in(adapted)
    base = logits(run.model)
    result = run()

    opened = family_container(from_checkpoint(result.best_checkpoint)).model()
    assert not differing(state_of(opened), state_of(run.model))
    assert not torch.allclose(logits(opened), base, atol=1e-3)
    scores = json.loads(program("evaluate", str(result.best_checkpoint), "--json").stdout)
    assert scores["scores"]["accuracy"] == pytest.approx(result.test_metrics["test_accuracy"])


@needs_peft
@pytest.mark.slow
@pytest.mark.parametrize("save", ["whole", "adapters"])
def test_a_training_goes_on_exactly(
    small_settings: dict[str, Any], adapted: dict[str, Any], save: str, tmp_path: Path
) -> None:
    first = run_in(small_settings, tmp_path / "first")().best_checkpoint
    policy: dict[str, Any] = {"init_from": str(first), "lora": {**LORA, "dropout": 0.5, "save": save}}
    settings = merge(with_policy(adapted, **policy), {"trainer": {"checkpoint_every_n_steps": 1}})
    run_in(settings, tmp_path / "whole")()
    cut_off(run_in(settings, tmp_path / "cut"), 4)

    resume_training(tmp_path / "cut")()

    ends = [read_checkpoint(tmp_path / name / "checkpoints/last.ckpt") for name in ("whole", "cut")]
    assert not differing(ends[0]["state_dict"], ends[1]["state_dict"])


@needs_peft
def test_checkpoints_of_adapters_alone_need_the_file_beside_them(
    small_settings: dict[str, Any], adapted: dict[str, Any], tmp_path: Path
) -> None:
    first = run_in(small_settings, tmp_path / "first")().best_checkpoint
    policy: dict[str, Any] = {"init_from": str(first), "lora": {**LORA, "save": "adapters"}}
    run = run_in(with_policy(adapted, **policy), tmp_path / "second")
    best = run().best_checkpoint

    kept = torch.load(best, weights_only=True)["state_dict"]
    assert {name for name in kept if not name.startswith("head.")} == {
        name for name in run.model.state_dict() if is_of_adapter(name)
    }
    assert not differing(state_of(family_container(from_checkpoint(best)).model()), state_of(run.model))
    third = family_container(bootstrap_from(best, {"run_dir": str(tmp_path / "third")})).training_run()
    third()
    changed = differing(state_of(run.model), state_of(third.model))
    assert {name for name in changed if not name.startswith("head.")} == {n for n in kept if is_of_adapter(n)}
    content = first.read_bytes()
    first.write_bytes(best.read_bytes())
    with pytest.raises(UserError, match=rf"which are in {first}, and that file has changed: its SHA-256 is "):
        from_checkpoint(best)
    first.unlink()
    with pytest.raises(UserError, match=rf"which are in {first}, and that file is gone: put it back$"):
        from_checkpoint(best)
    assert describe_checkpoint(best).left_out == {str(first): len(run.model.state_dict()) - len(kept)}
    first.write_bytes(content)
    from_checkpoint(best)


@needs_peft
def test_merged_weights_predict_the_same_without_adapters(
    adapted: dict[str, Any], program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_in(adapted)
    best = run().best_checkpoint
    merged = tmp_path / "merged.safetensors"

    done = program("export", str(best), str(merged), "--merge-lora")

    assert done.returncode == 0, done.stderr
    monkeypatch.setitem(sys.modules, "peft", None)
    model = family_container(from_checkpoint(merged)).model()
    assert not any(is_of_adapter(name) for name in model.state_dict())
    torch.testing.assert_close(logits(model), logits(run.model), rtol=0, atol=1e-6)
    again = program("export", str(merged), str(tmp_path / "again.safetensors"), "--merge-lora")
    assert again.returncode == 2
    assert "nothing in it has adapters to merge; leave --merge-lora out" in again.stderr


@needs_peft
def test_submodules_that_begin_with_one_file_share_nothing(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    narrow = {"multi_feature": {"data": {"excluded": ["kar2"]}}}  # then both extractors are of one shape
    settings = merge(small_settings, narrow)
    first = run_in(settings, tmp_path / "first")().best_checkpoint
    policy: dict[str, Any] = {
        "init_from": str(first),
        "init_path": "multi_feature.feature_extractors.kar",
        "lora": LORA,
    }
    run = run_in(with_policy(settings, **policy), tmp_path / "second")
    run()

    extractors: Any = run.model.feature_extractors
    kar, fou = extractors["kar"], extractors["fou"]
    assert not {one.data_ptr() for one in kar.parameters()} & {one.data_ptr() for one in fou.parameters()}
    same = differing(state_of(kar), state_of(fou))
    assert same == {name for name in kar.state_dict() if is_of_adapter(name)}


@needs_peft
def test_a_check_lists_what_is_frozen_and_finds_all_that_is_wrong(adapted: dict[str, Any]) -> None:
    report = check_application(bootstrap(adapted))
    assert not report.faults
    rows = {row.path: row for row in report.rows}
    kar = rows["feature_extractors.kar"]
    assert (kar.num_parameters, kar.num_frozen, kar.learning_rates) == (99, 76, (0.1,))
    assert (kar.note, rows["head"].note) == ("adapters at 2 layers", "")

    wrong = {
        "multi_feature.feature_extractors.kar": {"lora": {"targets": ["layer.0"]}},
        "multi_feature.feature_extractors.fou": {"lora": {"targets": ["layers.1"]}},
        "multi_feature.head": {"lora": {"targets": ["layers"]}},
    }
    faults = [str(fault) for fault in check_application(bootstrap(adapted | {"submodules": wrong})).faults]
    assert len(faults) == 3
    for wanted in (
        "kar.lora.targets: no layer is called 'layer.0'; near: layers.0",
        "fou.lora.targets: 'layers.1' is a BatchNorm1d, which can't have an adapter; near: layers.4",
        "head.lora.targets: 'layers' is a Sequential, which has layers itself; near: layers.3",
    ):
        assert any(wanted in fault for fault in faults), faults


@needs_peft
def test_two_policies_that_meet_are_refused(adapted: dict[str, Any]) -> None:
    outer = with_policy(adapted, "multi_feature.feature_extractors", lora=LORA)
    with pytest.raises(UserError, match=r"has modules in common with it; leave one out"):
        run_in(outer)


class DeepHead(nn.Module):
    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.layers = nn.Sequential(nn.Linear(in_features, 8), nn.ReLU(), nn.Linear(8, out_features))

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features)


@needs_peft
def test_a_class_of_ones_own_has_adapters(small_settings: dict[str, Any]) -> None:
    settings = with_policy(small_settings, "multi_feature.head", lora={"rank": 2, "targets": ["0", "2"]})
    own = {"multi_feature.head": DeepHead}
    run: TrainingRun = family_container(bootstrap(settings, overrides=own)).training_run()
    before = state_of(run.model)
    best = run().best_checkpoint

    assert {name for name in differing(before, state_of(run.model)) if name.startswith("head.")} == {
        name for name in before if is_of_adapter(name)
    }
    opened = family_container(from_checkpoint(best, overrides=own)).model()
    assert not differing(state_of(opened), state_of(run.model))


class ReadHead(DeepHead):
    """Reads the weights of a layer, and doesn't call it."""

    def forward(self, features: Tensor) -> Tensor:
        last: Any = self.layers[2]
        return linear(self.layers[:2](features), last.weight, last.bias)


@needs_peft
def test_a_check_finds_adapters_that_nothing_goes_through(small_settings: dict[str, Any]) -> None:
    settings = with_policy(small_settings, "multi_feature.head", lora={"rank": 2, "targets": ["2"]})

    report = check_application(bootstrap(settings, overrides={"multi_feature.head": ReadHead}))

    (fault,) = report.faults
    assert (fault.path, "lora_A" in fault.what) == ("multi_feature.head", True)


@needs_peft
def test_a_ready_module_is_adapted_anew_in_each_training(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = with_policy(small_settings, "multi_feature.head", lora={"rank": 2, "targets": ["2"]})
    own = {"multi_feature.head": DeepHead(in_features=8, out_features=3)}
    frozen = own["multi_feature.head"].state_dict()["layers.2.weight"].clone()
    for number in range(2):
        placed = settings | {"run_dir": str(tmp_path / str(number))}
        run: TrainingRun = family_container(bootstrap(placed, overrides=own)).training_run()
        assert sum(map(is_of_adapter, run.model.state_dict())) == 2
        assert not run.model.state_dict()["head.layers.2.lora_B.adapter.weight"].any()
        run()
        assert torch.equal(run.model.state_dict()["head.layers.2.weight"], frozen)


@needs_peft
def test_a_module_of_a_strangers_has_adapters(tmp_path: Path) -> None:
    class Deep(Small):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4))  # type: ignore[assignment]

    policy: dict[str, Any] = {"small.first": {"lora": {"rank": 1, "targets": ["1"]}}}
    run = run_of(Deep, tmp_path, sections={"submodules": policy})
    before = state_of(run.model)
    run()

    assert differing(before, state_of(run.model)) == {
        "first.1.lora_A.adapter.weight",
        "first.1.lora_B.adapter.weight",
        "last.weight",
        "last.bias",
    }


def test_without_peft_the_extra_is_named(adapted: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(
        UserError, match=r"kar\.lora needs peft: pip install 'nested-lightning\[pretrained\]'"
    ):
        run_in(adapted)


@pytest.mark.slow
def test_peft_is_not_imported_where_nothing_has_adapters(
    small_settings: dict[str, Any], forked_code: Program
) -> None:
    code = (
        "import json, sys; from nested_lightning import bootstrap;"
        " bootstrap(json.loads(sys.argv[1])).multi_feature.training_run()(); print('peft' in sys.modules)"
    )
    settings = with_policy(small_settings, lr=0.1, freeze=True, unfreeze_at_epoch=1)
    done = forked_code(code, json.dumps(settings))
    assert done.stdout.splitlines()[-1:] == ["False"], done.stderr

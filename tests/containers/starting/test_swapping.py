"""One submodule of a trained model replaced by another, all others as they were."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning import bootstrap, family_container, from_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.starting.swapping import swap_submodule
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import SharedTrainings
from tests.tiny_variants import variant_settings

pytestmark = pytest.mark.slow


@pytest.fixture
def checkpoint(multi_feature: dict[str, Any], shared_trainings: SharedTrainings) -> Path:
    """One of multi-feature that several tests read."""
    return trained(shared_trainings, multi_feature)


def trained(trainings: SharedTrainings, settings: dict[str, Any]) -> Path:
    quick = merge(settings, {"trainer": {"max_epochs": 1}})
    return RunFolder(trainings.undisturbed(quick)).last_checkpoint


def states(old: Path, new: Path) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    one, other = (family_container(from_checkpoint(path)).model().state_dict() for path in (old, new))
    return one, other


def test_a_head_is_swapped_and_newly_initialised(
    checkpoint: Path, multi_feature: dict[str, Any], tmp_path: Path
) -> None:
    target = tmp_path / "swapped.ckpt"

    report = swap_submodule(checkpoint, "multi_feature.head", "linear", target)

    before, after = states(checkpoint, target)
    others = {name for name in before if not name.startswith("head.")}
    assert others == {name for name in after if not name.startswith("head.")}
    assert all(torch.equal(before[name], after[name]) for name in others)
    assert report.num_kept == len(others)
    assert report.settings["multi_feature.head.kind"] == ("members", "linear")
    assert report.num_weights[1] == sum(v.numel() for k, v in after.items() if k.startswith("head."))
    fresh = family_container(
        bootstrap(merge(multi_feature, {"multi_feature": {"head": {"kind": "linear"}}}))
    ).model()
    wanted = {name: value for name, value in fresh.state_dict().items() if name.startswith("head.")}
    assert wanted.keys() == {name for name in after if name.startswith("head.")}
    assert all(torch.equal(after[name], value) for name, value in wanted.items())
    content = torch.load(target, weights_only=True)
    assert content.keys() == {"state_dict", "nested_lightning"}


def test_the_same_kind_begins_anew(checkpoint: Path, tmp_path: Path) -> None:
    swap_submodule(
        checkpoint,
        "multi_feature.feature_extractors.kar",
        "periodic",
        tmp_path / "swapped.ckpt",
        changes={"multi_feature": {"feature_extractors": {"kar": {"hidden_features": 8, "out_features": 4}}}},
    )
    before, after = states(checkpoint, tmp_path / "swapped.ckpt")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("feature_extractors.kar.") for name in changed)


def test_a_width_that_others_follow_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be swapped alone: head"):
        swap_submodule(
            checkpoint,
            "multi_feature.feature_extractors.kar",
            "plain",
            tmp_path / "swapped.ckpt",
            changes={"multi_feature": {"feature_extractors": {"kar": {"out_features": 7}}}},
        )
    assert not (tmp_path / "swapped.ckpt").exists()


def test_what_cannot_be_swapped_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    target = tmp_path / "swapped.ckpt"
    for path, kind, message in (
        ("multi_feature.heads", "linear", "near: multi_feature.head"),
        ("multi_feature.head", "linnear", "did you mean 'linear'"),
        ("multi_feature.feature_extractors", "plain", "nothing to choose at this path"),
    ):
        with pytest.raises(UserError, match=message):
            swap_submodule(checkpoint, path, kind, target)
    target.touch()
    with pytest.raises(UserError, match="is there already"):
        swap_submodule(checkpoint, "multi_feature.head", "linear", target)


def test_parts_of_items_are_swapped_too(shared_trainings: SharedTrainings, tmp_path: Path) -> None:
    checkpoint = trained(shared_trainings, variant_settings(tmp_path / "data", tmp_path / "variant"))
    report = swap_submodule(
        checkpoint,
        "variant.decoders.letters",
        "linear",
        tmp_path / "v.ckpt",
    )
    before, after = states(checkpoint, tmp_path / "v.ckpt")
    same = [name for name in before if not name.startswith("decoders.letters.")]
    assert all(torch.equal(before[name], after[name]) for name in same)
    assert report.num_weights[0] != report.num_weights[1]


class TiedHead(nn.Module):
    """Has one weight under two names."""

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.first = nn.Linear(in_features, out_features, bias=False)
        self.second = nn.Linear(in_features, out_features, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.first(x) + self.second(x)


def test_tied_weights_are_counted_once(small_settings: dict[str, Any], tmp_path: Path) -> None:
    overrides = {"multi_feature.head": TiedHead}
    quick = merge(small_settings, {"trainer": {"max_epochs": 1}})
    result = family_container(bootstrap(quick, overrides=overrides)).training_run()()
    checkpoint, target = result.run_folder.last_checkpoint, tmp_path / "swapped.ckpt"

    report = swap_submodule(checkpoint, "multi_feature.head", "linear", target, overrides=overrides)

    weight = torch.load(checkpoint, weights_only=True)["state_dict"]["head.first.weight"]
    assert report.num_weights[0] == weight.numel()

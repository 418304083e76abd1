"""One submodule of a trained model replaced by another, all others as they were."""

from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning import bootstrap, family_container, from_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.containers.starting.swapping import swap_submodule
from nested_lightning.settings.reading.merging import merge
from tests.tiny_variants import variant_settings

pytestmark = pytest.mark.slow


def trained(settings: dict[str, Any]) -> Path:
    quick = merge(settings, {"trainer": {"max_epochs": 1}})
    return Path(family_container(bootstrap(quick)).training_run()().run_folder.last_checkpoint)


def states(old: Path, new: Path) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    one, other = (family_container(from_checkpoint(path)).model().state_dict() for path in (old, new))
    return one, other


def test_a_head_is_swapped_and_newly_initialised(small_settings: dict[str, Any], tmp_path: Path) -> None:
    checkpoint, target = trained(small_settings), tmp_path / "swapped.ckpt"

    report = swap_submodule(checkpoint, "multi_feature.head", "linear", target)

    before, after = states(checkpoint, target)
    others = {name for name in before if not name.startswith("head.")}
    assert others == {name for name in after if not name.startswith("head.")}
    assert all(torch.equal(before[name], after[name]) for name in others)
    assert report.num_kept == len(others)
    assert report.settings["multi_feature.head.kind"] == ("normalized", "linear")
    assert report.num_weights[1] == sum(v.numel() for k, v in after.items() if k.startswith("head."))
    fresh = family_container(
        bootstrap(merge(small_settings, {"multi_feature": {"head": {"kind": "linear"}}}))
    ).model()
    wanted = {name: value for name, value in fresh.state_dict().items() if name.startswith("head.")}
    assert wanted.keys() == {name for name in after if name.startswith("head.")}
    assert all(torch.equal(after[name], value) for name, value in wanted.items())
    content = torch.load(target, weights_only=True)
    assert content.keys() == {"state_dict", "nested_lightning"}


def test_the_same_kind_begins_anew(small_settings: dict[str, Any], tmp_path: Path) -> None:
    checkpoint = trained(small_settings)
    swap_submodule(
        checkpoint,
        "multi_feature.feature_extractors.kar",
        "normalized",
        tmp_path / "swapped.ckpt",
        changes={"multi_feature": {"feature_extractors": {"kar": {"hidden_features": 8, "out_features": 4}}}},
    )
    before, after = states(checkpoint, tmp_path / "swapped.ckpt")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("feature_extractors.kar.") for name in changed)


def test_a_width_that_others_follow_is_refused(small_settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be swapped alone: head"):
        swap_submodule(
            trained(small_settings),
            "multi_feature.feature_extractors.kar",
            "plain",
            tmp_path / "swapped.ckpt",
            changes={"multi_feature": {"feature_extractors": {"kar": {"out_features": 7}}}},
        )
    assert not (tmp_path / "swapped.ckpt").exists()


def test_what_cannot_be_swapped_is_refused(small_settings: dict[str, Any], tmp_path: Path) -> None:
    checkpoint, target = trained(small_settings), tmp_path / "swapped.ckpt"
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


def test_parts_of_items_are_swapped_too(
    picture_settings: dict[str, Any], tmp_path: Path, small_csv: Path
) -> None:
    checkpoint = trained(variant_settings(tmp_path / "data", tmp_path / "variant"))
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

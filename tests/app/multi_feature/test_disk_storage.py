"""Rows in files: the same as in memory, in whatever form the table comes."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import csv, parquet

from nested_lightning.app.data.splits import ColumnSplitter, RandomSplitter, WholeFileSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature import storage
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.column_groups import GroupByPrefix
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.disk_storage import DiskStorage, room_on_disk
from nested_lightning.app.multi_feature.storage import MemoryStorage
from nested_lightning.app.tables import csv_spooling

NUM_ROWS = 90


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each file take several blocks."""
    monkeypatch.setattr(csv_spooling, "_BLOCK_SIZE", 512)
    monkeypatch.setattr(storage, "_BLOCK_ROWS", 16)


def _columns() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    gaps = rng.random(NUM_ROWS) < 0.2
    return {
        "kar_0": rng.normal(3, 2, NUM_ROWS),
        "kar_1": pa.array(rng.normal(-1, 5, NUM_ROWS), mask=gaps),
        "fou_0": pa.array(rng.integers(0, 9, NUM_ROWS), mask=np.arange(NUM_ROWS) < 40),
        "colour_0": np.array(["red", "green", "blue"])[rng.integers(0, 3, NUM_ROWS)],
        "tall": rng.random(NUM_ROWS) < 0.5,
        "part": np.array(["train", "val", "test"])[np.arange(NUM_ROWS) % 3],
        "kind": np.array(["oak", "elm", "ash"])[rng.integers(0, 3, NUM_ROWS)],
    }


def _module(path: Path | None, storage: MemoryStorage, **options: Any) -> MultiFeatureDataModule:
    choices: dict[str, Any] = {
        "label": None if path is None else "kind",
        "grouping": GroupByPrefix(),
        "splitter": RandomSplitter(),
        "batch_size": 8,
        "eval_batch_size": 5,
        "missing": "mean",
    }
    return MultiFeatureDataModule(path=path, storage=storage, **{**choices, **options})


def _both(path: Path | None, **options: Any) -> tuple[MultiFeatureDataModule, MultiFeatureDataModule]:
    return _module(path, MemoryStorage(), **options), _module(path, DiskStorage(), **options)


def _assert_same(one: FeatureBatch, other: FeatureBatch) -> None:
    torch.testing.assert_close(_tensors(one), _tensors(other), rtol=0, atol=0)


def _tensors(batch: FeatureBatch) -> dict[str, Any]:
    """Return all tensors by name; what is not there is not among them."""
    tensors = {"target": batch.target, "presence": batch.presence, **batch.features}
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


def _assert_same_data(memory: MultiFeatureDataModule, disk: MultiFeatureDataModule) -> None:
    assert memory.data_spec == disk.data_spec  # with the fingerprint
    for _epoch in range(2):
        batches = zip(memory.train_dataloader(), disk.train_dataloader(), strict=True)
        for one, other in batches:
            _assert_same(one, other)
    for name in ("val", "test"):
        _assert_same(memory.part(name), disk.part(name))
    for one, other in zip(memory.val_dataloader(), disk.val_dataloader(), strict=True):
        _assert_same(one, other)


@pytest.mark.slow
def test_shipped_digits_are_the_same_from_the_disk() -> None:
    _assert_same_data(*_both(None, batch_size=64, eval_batch_size=1024))


@pytest.mark.parametrize(
    "options",
    [
        {"missing": "mean"},
        {"missing": "drop"},
        {"missing": "mean", "allow_missing_groups": True},
        {"missing": "drop", "allow_missing_groups": True},
        {"missing": "drop", "splitter": ColumnSplitter(column="part")},
        {"missing": "mean", "categorical": ["fou_0"]},
    ],
)
@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.usefixtures("small_blocks")
def test_a_table_is_the_same_from_the_disk(tmp_path: Path, form: str, options: dict[str, Any]) -> None:
    path = tmp_path / f"trees.{form}"
    write = csv.write_csv if form == "csv" else parquet.write_table
    write(pa.table(_columns()), path)

    _assert_same_data(*_both(path, **options))


def test_a_part_without_rows_is_the_same_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "trees.csv"
    csv.write_csv(pa.table(_columns()), path)
    trained = _module(path, MemoryStorage()).data_spec
    memory, disk = _both(path, splitter=WholeFileSplitter(), data_spec=trained)

    _assert_same(memory.part("test"), disk.part("test"))
    assert len(disk.part("train")) == 0


def test_files_have_no_names_and_go_with_the_data(tmp_path: Path) -> None:
    module = _module(None, DiskStorage(folder=tmp_path))

    module.setup()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_rows_from_the_disk_go_to_another_process_by_value() -> None:
    part = _module(None, DiskStorage()).part("test")

    sent = pickle.loads(pickle.dumps(part))

    _assert_same(part, sent)
    _assert_same(part[3:5], sent[3:5])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere \(No such file.*multi_feature.data.storage.folder"):
        _module(None, DiskStorage(folder=tmp_path / "nowhere")).setup()


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is full; name another folder"), room_on_disk(tmp_path):
        Path("/dev/full").write_bytes(b"row")

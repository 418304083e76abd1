"""The datamodule multi-feature, from file to batches."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import torch
from pyarrow import csv, parquet
from torch import Tensor

from nested_lightning.app.data.batch_loader import PlaceableLoader
from nested_lightning.app.data.group_splits import GroupedSplitter
from nested_lightning.app.data.splits import (
    PART_NAMES,
    ColumnSplitter,
    FoldSplitter,
    RandomSplitter,
    Splitter,
    WholeFileSplitter,
)
from nested_lightning.app.data.time_splits import TemporalSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.column_groups import (
    ExplicitGroups,
    GroupByPrefix,
    GroupBySharedWord,
    SingleGroup,
)
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.multi_feature.targets.specs import ClassTarget


def _columns(num_rows: int = 60) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "kar_0": rng.normal(3, 2, num_rows),
        "kar_1": rng.normal(-1, 5, num_rows),
        "fou_0": rng.normal(0, 1, num_rows),
        "kind": np.array(["oak", "elm", "ash"])[np.arange(num_rows) % 3],
    }


def _write(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "trees.csv"
    csv.write_csv(pa.table({**_columns(), **changes}), path)
    return path


def _with_gaps(values: npt.NDArray[np.float64], rows: Sequence[int]) -> pa.Array:
    return pa.array([None if row in rows else value for row, value in enumerate(values)])


def _module(path: Path | None, **options: Any) -> MultiFeatureDataModule:
    choices: dict[str, Any] = {
        "label": None if path is None else "kind",
        "grouping": GroupByPrefix(),
        "splitter": RandomSplitter(val_fraction=0.2, test_fraction=0.2),
        "batch_size": 8,
        "eval_batch_size": 5,
    }
    return MultiFeatureDataModule(path=path, **{**choices, **options})


def _all(loader: PlaceableLoader[FeatureBatch]) -> FeatureBatch:
    data: FeatureBatch = loader.data
    return data


def _names(module: MultiFeatureDataModule, batch: FeatureBatch) -> list[str]:
    assert isinstance(batch.target, Tensor)
    return _target(module).decode(batch.target)


def _target(module: MultiFeatureDataModule) -> ClassTarget:
    target = module.data_spec.target
    assert isinstance(target, ClassTarget)
    return target


def test_shipped_digits_need_no_choice() -> None:
    module = _module(None)
    assert module.data_spec.widths == {"fou": 76, "fac": 216, "kar": 64, "pix": 240, "zer": 47, "mor": 6}
    assert _target(module).names == tuple("0123456789")
    assert _target(module).counts == (120,) * 10
    assert module.data_spec.target_columns == ("digit",)


def test_training_part_has_median_0_and_quartiles_1_apart_but_for_the_clipping(tmp_path: Path) -> None:
    features = _all(_module(_write(tmp_path)).train_dataloader()).features["kar"]
    assert features is not None
    x = features[:, 0].double().numpy()
    low, median, high = np.quantile(x / np.sqrt(1 - (x / 3) ** 2), (0.25, 0.5, 0.75))
    np.testing.assert_allclose((median, high - low), (0.0, 1.0), atol=1e-6)


def test_test_part_is_scaled_like_the_training_part(tmp_path: Path) -> None:
    table = _columns()
    split = ColumnSplitter(column="part")
    parts = np.where(np.arange(60) < 45, "train", "test")
    test = _all(_module(_write(tmp_path, part=parts), splitter=split).test_dataloader()).features["fou"]
    low, median, high = np.quantile(table["fou_0"][:45], (0.25, 0.5, 0.75))
    x = (table["fou_0"][45:] - median) / (high - low)
    assert test is not None
    np.testing.assert_allclose(test[:, 0].numpy(), x / np.sqrt(1 + (x / 3) ** 2), rtol=1e-5)


def test_labels_stay_with_their_rows(tmp_path: Path) -> None:
    module = _module(_write(tmp_path, kar_0=np.arange(60.0) * 2))  # so that a feature tells the row
    column = module.data_spec.groups[0].columns[0]
    for batch in module.train_dataloader():
        kar = batch.features["kar"]
        assert kar is not None
        x = kar[:, 0].double()
        rows = ((x / (1 - (x / 3) ** 2).sqrt() * column.scale + column.mean) / 2).round().int()
        assert _names(module, batch) == _columns()["kind"][rows.numpy()].tolist()


def test_parts_are_those_of_the_splitter(tmp_path: Path) -> None:
    module = _module(_write(tmp_path), splitter=FoldSplitter(num_folds=5, fold=2, val_fraction=0.25))
    loaders = (module.train_dataloader(), module.val_dataloader(), module.test_dataloader())
    assert [len(loader.data) for loader in loaders] == [36, 12, 12]


def test_training_batches_are_shuffled_by_the_seed(tmp_path: Path) -> None:
    path = _write(tmp_path)
    modules = [_module(path, seed=seed) for seed in (1, 1, 2)]
    first, again, other = ([_names(m, batch) for batch in m.train_dataloader()] for m in modules)
    assert first == again != other
    assert {len(names) for names in first} == {8}


def test_parquet_gives_the_batches_that_csv_gives(tmp_path: Path) -> None:
    columns = _columns() | {"colour": ["red", "blue"] * 30}
    parquet.write_table(pa.table(columns), tmp_path / "trees.parquet")
    from_csv = _module(_write(tmp_path, colour=columns["colour"]))
    from_parquet = _module(tmp_path / "trees.parquet")
    assert from_csv.data_spec == from_parquet.data_spec
    for one, other in zip(from_csv.train_dataloader(), from_parquet.train_dataloader(), strict=True):
        torch.testing.assert_close(one.features, other.features)


@pytest.mark.parametrize(
    "splitter", [GroupedSplitter(column="tree"), TemporalSplitter(column="tree")], ids=["group", "time"]
)
def test_the_column_that_a_split_goes_by_is_no_feature(tmp_path: Path, splitter: Splitter) -> None:
    trees = [*range(20)] * 3
    module = _module(_write(tmp_path, tree=trees), splitter=splitter, excluded=["kar_0"])

    assert module.data_spec.widths == {"kar": 1, "fou": 1}
    parts = [{trees[row - 1] for row in module.rows(name).tolist()} for name in PART_NAMES.values()]
    assert len(set.union(*parts)) == 20
    assert sum(map(len, {*map(frozenset, parts)})) == 20


def test_rows_that_a_split_cannot_place_are_left_out_where_settings_say_so(tmp_path: Path) -> None:
    days = [f"2024-01-{1 + row % 30:02}" for row in range(60)]
    days[3], days[5] = "", "31.02.2024"
    file = _write(tmp_path, day=days)

    with pytest.raises(UserError, match=r"trees\.csv: column 'day' .* '31.02.2024', first in row 6;"):
        _module(file, splitter=TemporalSplitter(column="day"), missing="drop").setup()
    days[5] = "2024-01-31"
    module = _module(_write(tmp_path, day=days), splitter=TemporalSplitter(column="day"), missing="drop")
    assert 6 in module.rows("test").tolist()
    assert sum(len(module.rows(name)) for name in ("train", "val", "test")) == 59


def test_groups_may_be_listed(tmp_path: Path) -> None:
    grouping = ExplicitGroups(groups={"first": ["kar_1"], "rest": ["fou_*"]})
    assert _module(_write(tmp_path), grouping=grouping).data_spec.widths == {"first": 1, "rest": 1}


def test_columns_may_be_excluded(tmp_path: Path) -> None:
    module = _module(_write(tmp_path, id=np.arange(60)), grouping=SingleGroup(), excluded=["id", "fou_*"])
    assert module.data_spec.column_names == {"0": ("kar_0", "kar_1")}


def test_columns_of_words_are_categories(tmp_path: Path) -> None:
    module = _module(_write(tmp_path, colour=["red", "blue", "green"] * 20))
    assert module.data_spec.groups[-1].columns[0].categories == ("blue", "green", "red")


def test_columns_of_numbers_may_be_categories(tmp_path: Path) -> None:
    module = _module(_write(tmp_path, code=[7, 8] * 30), categorical=["code"])
    assert module.data_spec.groups[-1].columns[0].categories == ("7", "8")


def test_split_column_is_no_feature(tmp_path: Path) -> None:
    path = _write(tmp_path, part=["train", "val", "test", "train"] * 15)
    module = _module(path, splitter=ColumnSplitter(column="part"))
    assert list(module.data_spec.widths) == ["kar", "fou"]
    assert sum(_target(module).counts) == 30


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([10, 9, 2], ("2", "9", "10")),
        ([1.0, 2.0, 10.0], ("1", "2", "10")),
        (["b", "a", "b"], ("a", "b")),
        ([True, False, True], ("false", "true")),
    ],
)
def test_classes_have_names(tmp_path: Path, labels: list[Any], names: tuple[str, ...]) -> None:
    assert _target(_module(_write(tmp_path, kind=labels * 20))).names == names


def test_empty_cells_are_counted_as_each_column_is_read(tmp_path: Path) -> None:
    path, numbers = tmp_path / "trees.parquet", np.arange(60.0)
    numbers[:2] = np.nan
    parquet.write_table(pa.table({**_columns(), "kar_0": numbers, "colour": ["red", "blue", ""] * 20}), path)

    counts = _module(path, missing="mean").missing_values()

    assert counts == {"kind": 0, "kar_0": 2, "kar_1": 0, "fou_0": 0, "colour": 20}


def test_missing_values_are_refused_by_default(tmp_path: Path) -> None:
    path = _write(tmp_path, kar_0=_with_gaps(_columns()["kar_0"], [4, 7]))
    with pytest.raises(UserError, match=r"2 missing values in 2 of 60 rows, first in row 5.*'kar_0'"):
        _ = _module(path).data_spec


def test_missing_values_become_the_median(tmp_path: Path) -> None:
    path = _write(tmp_path, kar_0=_with_gaps(_columns()["kar_0"], range(30)))
    kar = _all(_module(path, missing="mean").train_dataloader()).features["kar"]
    assert kar is not None
    assert (kar[:, 0] == 0).sum() >= 12
    assert (kar[:, 0] < 0).sum() == (kar[:, 0] > 0).sum()


def test_a_value_to_predict_that_is_wrong_is_named_by_its_row_in_the_file(tmp_path: Path) -> None:
    gaps = _with_gaps(np.arange(60.0), [0, 1])
    path = _write(tmp_path, kar_0=gaps, kind=[4] * 30 + [-1] + [5] * 29)

    with pytest.raises(UserError, match="holds -1, first in row 31,"):
        _module(path, missing="drop", objective="counts").setup()


def test_missing_values_drop_their_rows(tmp_path: Path) -> None:
    kinds = [*_columns()["kind"][:59], ""]
    path = _write(tmp_path, kar_0=_with_gaps(_columns()["kar_0"], [4, 7]), kind=kinds)
    module = _module(path, missing="drop", splitter=WholeFileSplitter(), data_spec=None)
    with pytest.raises(UserError, match="training part has no row"):
        _ = module.data_spec
    module = _module(path, missing="drop", splitter=RandomSplitter(val_fraction=0, test_fraction=0))
    assert len(_all(module.train_dataloader())) == 57
    assert module.rows("train").tolist() == [row for row in range(1, 60) if row not in (5, 8)]


def test_missing_groups_are_marked(tmp_path: Path) -> None:
    path = _write(tmp_path, fou_0=_with_gaps(_columns()["fou_0"], range(0, 60, 2)))
    batch = _all(_module(path, allow_missing_groups=True).train_dataloader())
    assert batch.presence is not None
    assert batch.features["fou"] is not None
    assert batch.presence[:, 0].all()
    assert 0 < batch.presence[:, 1].sum() < len(batch)
    assert (batch.features["fou"][~batch.presence[:, 1]] == 0).all()


def test_given_data_spec_is_used_as_it_is(tmp_path: Path) -> None:
    spec = _module(_write(tmp_path)).data_spec
    path = _write(tmp_path, kar_0=_columns()["kar_0"] + 100, extra=np.ones(60))
    module = _module(path, label=None, data_spec=spec, splitter=WholeFileSplitter())
    assert module.data_spec is spec
    kar = _all(module.test_dataloader()).features["kar"]
    assert kar is not None
    assert kar[:, 0].min() > 2.9
    assert [len(batch) for batch in module.test_dataloader()] == [5] * 12


def test_given_data_spec_refuses_a_new_class(tmp_path: Path) -> None:
    spec = _module(_write(tmp_path)).data_spec
    path = _write(tmp_path, kind=["fir", *_columns()["kind"][1:]])
    with pytest.raises(UserError, match="holds 'fir', which the model does not know"):
        _module(path, data_spec=spec, splitter=WholeFileSplitter()).setup()


def test_file_is_read_once(tmp_path: Path) -> None:
    path = _write(tmp_path)
    module = _module(path)
    module.setup("fit")
    path.unlink()
    assert len(module.val_dataloader().data) == 12


def test_whole_file_leaves_nothing_to_train_on(tmp_path: Path) -> None:
    path = _write(tmp_path)
    module = _module(path, data_spec=_module(path).data_spec, splitter=WholeFileSplitter())
    assert list(module.val_dataloader()) == []
    with pytest.raises(UserError, match="no rows to train on"):
        module.train_dataloader()


def test_part_without_a_class_is_refused(tmp_path: Path) -> None:
    parts = np.where(_columns()["kind"] == "elm", "test", "train")
    with pytest.raises(UserError, match=r"no row of class 'elm'; see multi_feature\.data\.split"):
        _ = _module(_write(tmp_path, part=parts), splitter=ColumnSplitter(column="part")).data_spec


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": None}, r"Name it with multi_feature\.data\.label; there are 'kar_0'"),
        ({"label": "kin"}, "no label column 'kin'; did you mean 'kind'"),
        ({"categorical": ["colour"]}, r"multi_feature\.data\.categorical names 'colour'"),
        ({"excluded": ["kar_2"]}, r"multi_feature\.data\.excluded names 'kar_2', .* did you mean 'kar_"),
        ({"excluded": ["*"]}, "there are no features, only 'kar_0'"),
        ({"splitter": FoldSplitter(num_folds=25, fold=0)}, r"needs 25 samples of each class.*'ash' \(20\)"),
        ({"grouping": ExplicitGroups(groups={"x": ["kind"]})}, "names 'kind', which is no feature column"),
    ],
)
def test_choice_that_does_not_fit_is_refused_by_file_and_setting(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    path = _write(tmp_path)
    with pytest.raises(UserError, match=message) as caught:
        _ = _module(path, **options).data_spec
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": ["oak"] * 60}, "at least 2 classes are needed.*only 'oak'"),
        ({"kind": ["oak", "elm"] * 29 + ["oak", "yew"]}, r"needs 3 samples of each class.*'yew' \(1\)"),
        ({"kind": ["oak", "elm", ""] * 20}, "label 'kind' is missing .* in 20 rows, first in row 3"),
        ({"kar_0": [1.0] * 59 + [np.inf]}, "'kar_0' holds inf, first in row 60"),
        ({"kar_0": [f"name {i}" for i in range(60)]}, "'kar_0' holds text in 60 rows, 60 different"),
    ],
)
def test_data_that_cannot_be_learnt_from_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        _ = _module(_write(tmp_path, **changes)).data_spec


def test_clean_data_give_no_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _module(_write(tmp_path)).setup()


def test_the_summary_says_what_was_read_left_out_and_guessed(tmp_path: Path) -> None:
    colour = pa.array(["red", "blue", None] * 20)
    module = _module(_write(tmp_path, colour=colour), grouping=GroupBySharedWord(), missing="drop")

    summary = module.summary
    facts = summary.to_dict()

    assert facts["rows"] == {"used": 40, "left out": 20}
    assert sum(facts["classes"].values()) == sum(facts["parts"].values()) == 40
    assert sum(group["category column"] for group in facts["groups"].values()) == 1
    assert summary.lines()["rows"] == "used 40, left out 20"
    assert "+ 1 category column" in summary.lines()["groups"]
    assert any("multi_feature.data.grouping says it otherwise" in guess for guess in summary.guesses)


def test_a_data_spec_says_how_many_columns_are_predicted(tmp_path: Path) -> None:
    path = _write(tmp_path)
    spec = _module(path, label=None, objectives={"kind": "classes", "fou_0": "number"}).data_spec

    rows = _module(path, label=None, data_spec=spec).part("train")

    assert {"kind", "fou_0"} == rows.target.keys()

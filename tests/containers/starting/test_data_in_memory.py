"""Data that a program holds: they train what files of the same content train, and no file holds them."""

import importlib
import json
import random
import signal
from collections.abc import Mapping
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import csv, parquet

from nested_lightning import (
    UserError,
    bootstrap,
    bootstrap_from,
    from_checkpoint,
    resume_training,
)
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.checkpoints.recipe import read_recipe
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import assert_same_training, interrupt


class Frame:
    """A data frame of a library that only knows Arrow's protocol."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.columns = list(columns)
        self._table = pa.table(dict(columns))

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """Hand the table over."""
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.fixture
def columns(multi_feature: dict[str, Any]) -> dict[str, list[Any]]:
    table = csv.read_csv(multi_feature["multi_feature"]["data"]["path"])
    shades = ["dark", "light", None]
    return {**table.to_pydict(), "shade": [shades[row * 7 % 3] for row in range(table.num_rows)]}


@pytest.fixture
def settings(multi_feature: dict[str, Any]) -> dict[str, Any]:
    data = {"path": None, "missing": "mean"}
    return merge(multi_feature, {"run_dir": None, "multi_feature": {"data": data}})


def _ready(settings: Mapping[str, Any], data: Any) -> Any:
    return bootstrap(settings, data=data)


def _spec(settings: Mapping[str, Any], data: Any) -> Any:
    """Return what is learnt of the data, with the digest of all parts as a model is given them."""
    return _ready(settings, data).multi_feature.data_spec()


def _as_parquet_folder(columns: Mapping[str, Any], folder: Path) -> Path:
    table = pa.table(dict(columns))
    for number in range(3):
        file = folder / f"part-{number}.parquet"
        file.parent.mkdir(exist_ok=True)
        parquet.write_table(table.slice(number * 30, 30), file)
    return folder


def test_data_mean_the_same_in_every_container(
    settings: dict[str, Any], columns: dict[str, list[Any]], tmp_path: Path
) -> None:
    table = pa.table(columns)
    csv.write_csv(table, tmp_path / "shapes.csv")
    wanted = _spec(settings, tmp_path / "shapes.csv")
    parquet.write_table(table, tmp_path / "shapes.parquet")
    arrays = {
        name: np.array(values, dtype=object if None in values else None) for name, values in columns.items()
    }
    coded = {name: pa.array(values).dictionary_encode() for name, values in columns.items()}
    rows = table.to_pylist()
    given = [
        tmp_path / "shapes.parquet",
        _as_parquet_folder(columns, tmp_path / "parts"),
        tmp_path / "parts" / "part-*.parquet",
        *(table, columns, arrays, Frame(columns), coded, pa.table(coded), rows),
        pa.table({name: pa.array(values).cast(pa.large_string()) for name, values in columns.items()}),
    ]

    for data in given:
        assert _spec(settings, data) == wanted


@pytest.mark.parametrize(
    "library", ["pandas", "pandas-nullable", "pandas-arrow", "pandas-category", "polars"]
)
def test_data_frames_mean_the_same_with_any_types(
    settings: dict[str, Any], columns: dict[str, list[Any]], library: str
) -> None:
    frames = pytest.importorskip(library.partition("-")[0])
    frame = frames.DataFrame(columns)
    if library == "pandas-nullable":
        frame = frame.convert_dtypes()
    elif library == "pandas-arrow":
        frame = frame.convert_dtypes(dtype_backend="pyarrow")
    elif library == "pandas-category":
        frame = frame.astype({"shape": "category", "shade": "category"})

    assert _spec(settings, frame) == _spec(settings, pa.table(columns))


def test_a_frame_of_pandas_may_have_any_index_and_is_left_as_it_is(
    settings: dict[str, Any], columns: dict[str, list[Any]]
) -> None:
    pandas = pytest.importorskip("pandas")
    plain = pandas.DataFrame(columns)
    wanted = _spec(settings, plain)
    for index in ([7] * 90, range(90, 0, -1), [f"row {row}" for row in range(90)]):
        frame = plain.set_axis(pandas.Index(index, name="id"))
        before = frame.copy(deep=True)
        assert _spec(settings, frame) == wanted
        pandas.testing.assert_frame_equal(frame, before)
    numbered = plain.rename(columns={name: number for number, name in enumerate(columns)})
    by_number = merge(settings, {"multi_feature": {"data": {"label": "5"}}})
    assert list(_spec(by_number, numbered).column_names.values()) == [("0", "1", "2", "3", "4", "6")]
    assert _spec(settings, plain.set_index("shape")) == wanted, "a label may be the index"


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (lambda row: ["circle", "square", "star"][row % 3], "classes"),
        (lambda row: row % 4 * 10 + 3, "classes"),
        (lambda row: [0.0, 1.0][row % 2], "binary"),
        (lambda row: row % 2 == 0, "binary"),
        (lambda row: row * 0.37 - 5, "number"),
    ],
    ids=["words", "numbers with gaps", "0.0 and 1.0", "true and false", "fractions"],
)
def test_a_target_means_the_same_in_every_shape_and_container(
    settings: dict[str, Any], columns: dict[str, list[Any]], tmp_path: Path, target: Any, kind: str
) -> None:
    label = [target(row) for row in range(90)]
    array = np.array(label)
    forms = [array, array[:, None], Frame({"y": label}), tuple(label), pa.array(label), label]
    if find_spec("pandas"):
        frames: Any = importlib.import_module("pandas")
        series = frames.Series(label)
        forms += [series, series.to_frame(), series.astype("category"), series.convert_dtypes()]
    csv.write_csv(pa.table({**columns, "shape": [str(one) for one in label]}), tmp_path / "shapes.csv")
    wanted = _spec(settings, tmp_path / "shapes.csv")

    specs = [_spec(settings, {**columns, "shape": form}) for form in forms]

    assert wanted.target.kind == kind
    assert all(spec == wanted for spec in specs)


def test_a_training_leaves_data_and_random_state_as_they_are_and_trains_what_a_file_trains(
    settings: dict[str, Any], columns: dict[str, list[Any]], tmp_path: Path
) -> None:
    file = tmp_path / "shapes.csv"
    csv.write_csv(pa.table(columns), file)
    arrays = {
        name: np.array(values, dtype=object if None in values else None) for name, values in columns.items()
    }
    before = deepcopy(arrays)
    states = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()

    application = _ready(merge(settings, {"run_dir": str(tmp_path / "given")}), arrays)
    result = application.train()
    report = application.multi_feature.evaluator()()
    answers = application.multi_feature.predictor().predict(arrays)

    assert random.getstate() == states[0]
    assert repr(np.random.get_state()) == states[1]
    assert torch.equal(torch.get_rng_state(), states[2])
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, before[name])
    _ready(merge(settings, {"run_dir": str(tmp_path / "file")}), file).train()
    assert_same_training(tmp_path / "given", tmp_path / "file")
    assert report.scores["accuracy"] == pytest.approx(result.test_metrics["test_accuracy"])
    assert len(pa.table(answers)) == 90


@pytest.mark.slow
def test_a_run_folder_holds_a_digest_of_the_data_and_asks_for_them(
    settings: dict[str, Any], columns: dict[str, list[Any]], tmp_path: Path
) -> None:
    saving = merge(settings, {"run_dir": str(tmp_path / "run")})
    interrupt(_ready(saving, columns).multi_feature.training_run(), 3, signal.SIGTERM)
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"

    recipe = read_recipe(read_checkpoint(last), source=last)
    assert recipe.settings["multi_feature"]["data"]["path"] == "memory:dict"
    assert recipe.data_spec["fingerprint"].startswith("sha256:")
    with pytest.raises(UserError, match=r"memory of a program.* by data=…, or name a file"):
        resume_training(tmp_path / "run")
    others = {**columns, "kar0": columns["kar0"][::-1]}
    with pytest.raises(UserError, match="the data have changed"):
        resume_training(tmp_path / "run", data=others)

    resume_training(tmp_path / "run", data=Frame(columns))()

    _ready(merge(settings, {"run_dir": str(tmp_path / "whole")}), pa.table(columns)).train()
    assert_same_training(tmp_path / "run", tmp_path / "whole")
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["data"]["file"] == "Frame in memory"
    assert results["data"]["digest"] == recipe.data_spec["fingerprint"]


def test_a_model_of_data_in_memory_predicts_without_them_and_is_evaluated_with_others(
    settings: dict[str, Any], columns: dict[str, list[Any]], tmp_path: Path
) -> None:
    short = merge(settings, {"run_dir": str(tmp_path / "run"), "trainer": {"max_epochs": 1}})
    _ready(short, columns).train()
    whole = {"data": {"split": {"kind": "whole"}}}

    application = from_checkpoint(tmp_path / "run")

    assert len(application.multi_feature.predictor().predict(columns)) == 90
    with pytest.raises(UserError, match=r"memory:dict: .* give them again"):
        application.multi_feature.evaluator()()
    with_data = from_checkpoint(tmp_path / "run", data=columns, family_changes=whole)
    assert with_data.multi_feature.evaluator()().num_samples == 90
    again: Any = bootstrap_from(
        tmp_path / "run", {"run_dir": str(tmp_path / "again")}, data=pa.table(columns)
    )
    assert again.train().run_folder.path == tmp_path / "again"


def test_a_family_that_reads_files_alone_says_so(columns: dict[str, list[Any]]) -> None:
    with pytest.raises(UserError, match="variant takes no data in memory; name a file or a folder"):
        bootstrap("variant", data=columns)

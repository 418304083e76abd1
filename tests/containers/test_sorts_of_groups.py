"""Tables with dates, texts and lists of numbers among their columns."""

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from torch import nn

from nested_lightning import bootstrap, from_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.group_specs import GroupSpec
from nested_lightning.app.multi_feature.list_columns import SequenceColumn, TextColumn
from nested_lightning.app.multi_feature.own_group_specs import SequenceGroupSpec, TextGroupSpec
from nested_lightning.settings.reading.errors import SettingsError

NUM_ROWS = 480
SPLIT = ("train", "train", "train", "val", "test", "train")
BAD, GOOD = (
    ("broken late rude never", "slow wrong bent again"),
    ("quick kind right always", "nice clean fine here"),
)


def columns_of(num_rows: int = NUM_ROWS) -> dict[str, list[Any]]:
    """Return columns of which each says something of the class, and all together say it."""
    random = np.random.default_rng(0)
    a, b, c, d = random.normal(size=(4, num_rows))
    is_high = a + b + c + d > 0
    days = np.datetime64("2024-01-01") + (180 + 90 * b).astype(int)
    steps = [list(np.round(c[i] + random.normal(size=3 + i % 5), 3)) for i in range(num_rows)]
    notes = [f"it was {random.choice(GOOD if d[i] > 0 else BAD)}, item {i}" for i in range(num_rows)]
    return {
        "size": list(np.round(a, 4)),
        "weight": list(np.round(random.normal(size=num_rows), 4)),
        "bought": [str(day) for day in days],
        "load": steps,
        "note": notes,
        "level": ["high" if each else "low" for each in is_high],
        "split": list(SPLIT * (num_rows // len(SPLIT))),
    }


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The table as a file of Parquet."""
    path = tmp_path / "table.parquet"
    parquet.write_table(pa.table(columns_of()), path)
    return path


def _settings(path: Path, *, epochs: int = 1, run: str = "run", **data: Any) -> dict[str, Any]:
    return {
        "model": "multi-feature",
        "trainer": {"max_epochs": epochs, "accelerator": "cpu", "num_threads": 1, "use_progress_bar": False},
        "run_dir": str(path.parent / run),
        "multi_feature": {
            "data": {
                "path": str(path),
                "label": "level",
                "split": {"kind": "column"},
                "batch_size": 32,
                **data,
            },
            "optimizer": {"lr": 0.01},
        },
    }


def test_columns_of_each_sort_are_found_and_listed(table: Path) -> None:
    family = bootstrap(_settings(table)).multi_feature

    groups = {group.name: group for group in family.data_spec().groups}

    assert {name: group.sort for name, group in groups.items()} == {
        **dict.fromkeys(("all",), "columns"),
        "load": "sequence",
        "note": "text",
    }
    assert isinstance(groups["all"], GroupSpec)
    assert [column.name for column in groups["all"].columns if column.is_date] == ["bought"]
    assert groups["all"].width == 2 + 7
    assert family.data_summary().lines()["groups"] == (
        "all 2 numbers + 1 date, load 1 list column, note 1 text column"
    )


def test_a_file_of_csv_means_the_same(table: Path) -> None:
    path = table.with_suffix(".csv")
    columns = columns_of()
    with path.open("w", newline="") as file:
        rows = zip(*columns.values(), strict=True)
        csv.writer(file).writerows([[*columns], *([_cell(one) for one in row] for row in rows)])

    of_csv = bootstrap(_settings(path, sequences=["load"])).multi_feature.datamodule()

    assert of_csv.fingerprint == bootstrap(_settings(table)).multi_feature.datamodule().fingerprint


def _cell(value: Any) -> Any:
    return ";".join(map(str, value)) if isinstance(value, list) else value


@pytest.mark.slow
def test_all_sorts_together_are_better_than_each_by_itself(table: Path) -> None:
    everything = ["size", "weight", "bought", "load", "note"]
    scores = {}
    for name in ("all", "size", "bought", "load", "note"):
        excluded = [] if name == "all" else [one for one in everything if one != name]
        settings = _settings(table, epochs=25, run=name, excluded=excluded)
        scores[name] = bootstrap(settings).multi_feature.training_run()().test_metrics["test_roc_auc"]

    assert scores["all"] > 0.9
    assert all(scores["all"] > scores[name] + 0.05 for name in scores if name != "all")


def test_a_trained_model_answers_what_it_has_not_seen_with_counted_notes(table: Path) -> None:
    result = bootstrap(_settings(table)).multi_feature.training_run()()
    predictor = from_checkpoint(result.best_checkpoint).multi_feature.predictor()
    new = {
        "size": [0.5, 0.1],
        "weight": [0.0, 1.0],
        "bought": ["2034-05-06T07:08:09+02:00", "1999-01-01"],
        "load": [[1.0] * 50, []],
        "note": ["zzz qqq www", " ".join(["it"] * 300)],
    }

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answers = predictor.predict(new)

    assert torch.isfinite(answers.probabilities).all()
    notes = [str(one.message) for one in caught]
    for text in (
        "column 'load': 1 row of 2 are longer",
        "column 'note': 1 row of 2 have no word that the training knew",
        "column 'note': 1 row of 2 are longer",
    ):
        assert any(text in note for note in notes), notes


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("bought", "2024-02-31", r"'bought' holds what is no date .* '2024-02-31', first in row 3"),
        ("load", [1.0, float("nan")], "'load' holds something else than finite numbers in row 3"),
    ],
)
def test_a_broken_value_is_named_with_its_row(column: str, value: Any, message: str, table: Path) -> None:
    columns = columns_of()
    columns[column][2] = value
    parquet.write_table(pa.table(columns), table)

    with pytest.raises(UserError, match=message):
        bootstrap(_settings(table, dates=["bought"])).multi_feature.data_spec()


def test_missing_values_of_each_sort_are_refused_or_filled_in(table: Path) -> None:
    columns = columns_of()
    for name in ("bought", "load", "note"):
        columns[name][4] = None
    parquet.write_table(pa.table(columns), table)

    with pytest.raises(UserError, match="3 missing values in 1 of 480 rows, first in row 5"):
        bootstrap(_settings(table)).multi_feature.data_spec()
    batch = bootstrap(_settings(table, missing="mean")).multi_feature.datamodule().part("test")
    assert not batch.features["note"][0].any()
    assert not batch.features["load"][0].any()
    assert not batch.features["all"][0, 2:].any()


def test_rows_on_a_disk_are_those_in_memory(table: Path) -> None:
    in_memory = bootstrap(_settings(table)).multi_feature.datamodule()
    on_disk = bootstrap(_settings(table, storage={"kind": "disk"})).multi_feature.datamodule()

    assert on_disk.fingerprint == in_memory.fingerprint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat's 2 pens, A_b", ["the", "cat", "s", "2", "pens", "a_b"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("gut🙂🙂 schlecht!😡", ["gut", "🙂", "🙂", "schlecht", "😡"]),
        ("今天。好", ["今", "天", "好"]),
        ("Größe, μm «é»", ["größe", "μm", "é"]),
    ],
)
def test_words_of_any_script_are_told_apart(text: str, words: list[str]) -> None:
    column = TextColumn.of_texts("note", pa.array([text]))

    assert sorted(column.fit().words) == sorted({*words})
    assert np.count_nonzero(column.encode(column.fit())) == len(words)


def test_constant_steps_have_scale_1() -> None:
    spec = SequenceColumn("load", pa.array([[0.1, 0.1], [0.1]])).fit()

    assert (spec.mean, spec.scale) == (0.1, 1.0)


def test_numbers_are_no_dates(table: Path) -> None:
    columns = columns_of() | {"bought": [20240101] * NUM_ROWS}
    parquet.write_table(pa.table(columns), table)

    with pytest.raises(UserError, match="'bought' holds numbers, and should hold dates"):
        bootstrap(_settings(table, dates=["bought"])).multi_feature.data_spec()


@pytest.mark.parametrize(
    ("cell", "num_steps"),
    [("1,2,3", 3), ("[1, 2.5]", 2), ("1;2", 2), ("1 2", 2), ("1,5;2,5", None), ("1,5 2,5", None)],
)
def test_decimal_commas_in_a_sequence_are_refused(cell: str, num_steps: int | None, table: Path) -> None:
    columns = columns_of() | {"load": [cell] * NUM_ROWS}
    parquet.write_table(pa.table(columns), table)
    family = bootstrap(_settings(table, sequences=["load"])).multi_feature

    if num_steps is None:
        with pytest.raises(UserError, match=r"'load' holds something else .* row 1: .* a point before"):
            family.data_spec()
    else:
        (group,) = (one for one in family.data_spec().groups if one.name == "load")
        assert isinstance(group, SequenceGroupSpec)
        assert group.num_steps == num_steps


def test_columns_in_no_listed_group_are_not_read(table: Path) -> None:
    columns = columns_of()
    columns["load"][0] = [None]
    parquet.write_table(pa.table(columns), table)
    grouping = {"kind": "explicit", "groups": {"sizes": ["size"], "words": ["note"]}}

    spec = bootstrap(_settings(table, grouping=grouping)).multi_feature.data_spec()

    assert spec.column_names == {"sizes": ("size",), "words": ("note",)}


def test_a_list_of_a_sort_is_named_where_a_column_is_none(table: Path) -> None:
    with pytest.raises(UserError, match=r"multi_feature\.data\.texts names 'notes', .* 'note'"):
        bootstrap(_settings(table, texts=["notes"])).multi_feature.data_spec()


class LongestWord(nn.Module):
    """An extractor of one's own, of texts."""

    def __init__(self, *, in_features: int, max_length: int) -> None:
        super().__init__()
        self.out_features = 4
        self.layer = nn.Linear(max_length, 4)
        self.in_features = in_features

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x.to(self.layer.weight.dtype) / self.in_features)


class LastStep(nn.Module):
    """An extractor of one's own, of sequences."""

    def __init__(self, *, in_features: int, num_steps: int) -> None:
        super().__init__()
        self.in_features, self.num_steps, self.out_features = in_features, num_steps, 4
        self.layer = nn.Linear(in_features, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x[:, -1])


def test_an_extractor_of_ones_own_takes_the_place_of_any_sort(table: Path) -> None:
    application = bootstrap(
        _settings(table),
        overrides={
            "multi_feature.feature_extractors.note": LongestWord,
            "multi_feature.feature_extractors.load": LastStep,
        },
    )

    result = application.multi_feature.training_run()()

    assert isinstance(result.predictor.model.feature_extractors["note"], LongestWord)


@pytest.mark.parametrize(
    ("group", "kind", "sort", "fitting"),
    [
        ("note", "plain", "text", "bag_of_words, recurrent_text, transformers_text"),
        ("load", "bag_of_words", "sequences", "recurrent_sequence"),
        ("all", "residual_image", "numbers and categories", "plain, normalized, residual, periodic, linear"),
    ],
)
def test_an_extractor_of_another_sort_is_refused_by_group_and_sort(
    group: str, kind: str, sort: str, fitting: str, table: Path
) -> None:
    settings = _settings(table)
    settings["multi_feature"]["feature_extractors"] = {group: {"kind": kind}}

    message = f"group '{group}' is of {sort}, which kind={kind} doesn't read; those that do are {fitting}$"
    with pytest.raises(UserError, match=message):
        bootstrap(settings).multi_feature.model()


def test_a_column_has_one_sort(table: Path) -> None:
    with pytest.raises(SettingsError, match="column 'note' is in dates and in texts"):
        bootstrap(_settings(table, texts=["note"], dates=["note"]))


def test_specs_of_each_sort_say_what_extractors_are_given(table: Path) -> None:
    text, sequence = (
        next(one for one in bootstrap(_settings(table)).multi_feature.data_spec().groups if one.name == name)
        for name in ("note", "load")
    )

    assert isinstance(text, TextGroupSpec)
    assert text.wired == {"max_length": text.max_length}
    assert text.width == len(text.words) + 2
    assert isinstance(sequence, SequenceGroupSpec)
    assert sequence.wired == {"num_steps": 7}


def test_sorts_are_set_in_a_grouping_too(table: Path) -> None:
    groups = {"numbers": ["size"], "words": ["note"], "when": ["bought"]}
    listed = {"kind": "explicit", "groups": groups, "sorts": {"words": "text", "when": "date"}}
    columns = columns_of()
    columns["note"] = [["red", "blue"][i % 2] for i in range(NUM_ROWS)]  # taken for categories otherwise
    parquet.write_table(pa.table(columns), table)

    spec = bootstrap(_settings(table, grouping=listed)).multi_feature.data_spec()

    assert spec.sorts == {"note": "text", "bought": "date"}
    misspelt = bootstrap(_settings(table, grouping={**listed, "sorts": {"word": "text"}}))
    with pytest.raises(
        UserError, match=r"grouping\.sorts\.word: there is no such group; did you mean 'words'"
    ):
        misspelt.multi_feature.data_spec()

"""Tables with something else to predict than classes: from a file to predictions in its units."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, matthews_corrcoef, mean_absolute_error, r2_score

from nested_lightning import bootstrap, from_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.objectives.numbers import NumberObjective
from nested_lightning.settings.reading.errors import SettingsError

NUM_ROWS = 400
SPLIT = ("train", "train", "train", "val", "test")


def write_table(path: Path) -> Path:
    """Write rows of which each column to predict follows from the others, but for a little noise."""
    random = np.random.default_rng(0)
    x, z = random.normal(size=(NUM_ROWS, 2)), random.normal(size=(NUM_ROWS, 2))
    price = 1e6 + 1e5 * (x[:, 0] + 0.5 * z[:, 1]) + 1e4 * random.normal(size=NUM_ROWS)
    rare = np.where(x[:, 0] + 0.2 * random.normal(size=NUM_ROWS) > 1.2, "yes", "no")
    rides = random.poisson(np.exp(0.8 * z[:, 0] + 1))
    tags = [
        ";".join(name for name, has in (("big", a > 0), ("hot", b > 0.5)) if has)
        for a, b in zip(x[:, 0], z[:, 0], strict=True)
    ]
    names = ["x_0", "x_1", "z_0", "z_1", "price", "rare", "rides", "tags", "weight", "split"]
    rows = zip(*x.T, *z.T, price, rare, rides, tags, 1 + (x[:, 0] > 0), SPLIT * 80, strict=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The table as a file."""
    return write_table(tmp_path / "table.csv")


def _settings(table: Path, label: str | None, epochs: int = 30, **family: Any) -> dict[str, Any]:
    others = ["price", "rare", "rides", "tags", "weight"]
    data = {
        "path": str(table),
        "label": label,
        "excluded": [
            name
            for name in others
            if name not in (label, *family.get("objectives", ()), family.get("data", {}).get("weight"))
        ],
        "split": {"kind": "column"},
        **family.pop("data", {}),
    }
    return {
        "model": "multi-feature",
        "trainer": {"max_epochs": epochs, "accelerator": "cpu", "num_threads": 1, "use_progress_bar": False},
        "run_dir": str(table.parent / "run"),
        "multi_feature": {"data": data, "feature_extractor": {"kind": "plain"}, "head": {"kind": "linear"}}
        | {"optimizer": {"lr": 0.01}}
        | family,
    }


def _predicted(result: Any, table: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = result.predictor.predict_file(table).to_records()
    return [row for row, part in zip(rows, SPLIT * 80, strict=True) if part == "test"]


def _true(table: Path, column: str) -> list[str]:
    with table.open() as file:
        return [row[column] for row in csv.DictReader(file) if row["split"] == "test"]


def test_a_column_of_prices_is_learnt_and_scored_in_its_own_units(table: Path) -> None:
    result = bootstrap(_settings(table, "price")).multi_feature.training_run()()

    predicted = [row["prediction"] for row in _predicted(result, table)]
    true = np.array(_true(table, "price"), dtype=float)
    assert result.test_metrics["test_mae"] == pytest.approx(mean_absolute_error(true, predicted), rel=1e-6)
    assert result.test_metrics["test_r2"] == pytest.approx(r2_score(true, predicted), rel=1e-5)
    assert result.test_metrics["test_r2"] > 0.9
    assert result.scores["rmse"]["baseline"] > 3 * result.scores["rmse"]["test"]
    written = json.loads(result.run_folder.results_file.read_text())
    assert written["data"]["objective"] == {"price": "number, since it holds numbers with fractions"}


def test_a_rare_yes_is_found_by_a_threshold_that_the_checkpoint_keeps(table: Path) -> None:
    result = bootstrap(_settings(table, "rare")).multi_feature.training_run()()

    again = from_checkpoint(result.best_checkpoint).multi_feature.predictor()
    rows = again.predict_file(table).to_records()
    predicted = [row["prediction"] for row, part in zip(rows, SPLIT * 80, strict=True) if part == "test"]
    true = _true(table, "rare")
    assert f1_score(true, predicted, pos_label="yes") > 0.5
    assert result.test_metrics["test_mcc"] == pytest.approx(matthews_corrcoef(true, predicted), abs=1e-5)
    state = torch.load(result.best_checkpoint, weights_only=True)["state_dict"]
    assert 0 < state["objective.threshold"].item() < 1
    assert state["objective.threshold"] != 0.5


@pytest.mark.slow
def test_counts_and_labels_are_learnt(table: Path) -> None:
    counts = bootstrap(_settings(table, "rides", objective={"kind": "counts"})).multi_feature.training_run()()
    labels = {"data": {"label_separator": ";"}, "run": "labels"}
    labelled = bootstrap(
        _settings(table, "tags", data=labels["data"]) | {"run_dir": str(table.parent / "labels")}
    ).multi_feature.training_run()()

    assert counts.scores["poisson_deviance"]["test"] < 0.7 * counts.scores["poisson_deviance"]["baseline"]
    assert labelled.scores["micro_f1"]["test"] > 0.85
    predicted = [row["prediction"] for row in _predicted(labelled, table)]
    assert {"", "big", "hot", "big;hot"} == set(predicted)


@pytest.mark.slow
def test_several_columns_are_learnt_at_once(table: Path) -> None:
    several = {"price": {"interval": 0.9, "kind": "number"}, "rare": {}}
    settings = _settings(table, None, objectives=several, objective={"balance": "uncertainty"})

    result = bootstrap(settings).multi_feature.training_run()()

    assert result.test_metrics["test_price_r2"] > 0.9
    assert result.test_metrics["test_rare_roc_auc"] > 0.9
    first = _predicted(result, table)[0]
    assert {"price_prediction", "price_quantile_0.05", "rare_probability_yes"} < set(first)
    report = from_checkpoint(result.best_checkpoint).multi_feature.evaluator()("test")
    assert report.scores["price_mae"] == pytest.approx(result.test_metrics["test_price_mae"])
    assert report.scores["rare_mcc"] == pytest.approx(result.test_metrics["test_rare_mcc"])


def test_weights_of_rows_change_what_is_learnt(table: Path) -> None:
    weighted = bootstrap(_settings(table, "price", data={"weight": "weight"}, epochs=1))
    batch = next(iter(weighted.multi_feature.datamodule().train_dataloader()))
    model = weighted.multi_feature.model()

    per_row = model.objective(model(batch.features), batch.target)
    expected = (per_row * batch.weight).sum() / batch.weight.sum()

    assert set(batch.weight.tolist()) == {1.0, 2.0}
    assert "weight" not in weighted.multi_feature.data_spec().column_names
    torch.testing.assert_close(model.training_step(batch, 0), expected)


class LogCosh(NumberObjective):
    """A loss of one's own, on what the built-in objective brings."""

    def forward(self, outputs: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (outputs[:, 0] - target).cosh().log()


def test_an_objective_of_ones_own_is_injected_as_any_submodule(table: Path) -> None:
    application = bootstrap(
        _settings(table, "price", epochs=2), overrides={"multi_feature.objective": LogCosh}
    )

    result = application.multi_feature.training_run()()

    assert isinstance(result.predictor.model.objective, LogCosh)
    assert result.test_metrics["test_rmse"] > 0


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ({"objective": {"class_weights": "balanced"}}, "class_weights is for classes"),
        ({"objective": {"kind": "binary"}}, "kind=binary needs 2 classes"),
        ({"objective": {"kind": "counts"}}, "counts are whole numbers"),
        ({"data": {"positive": "yes"}}, "positive=yes is for the objective binary, and 'price' is number"),
        ({"data": {"label_separator": ";"}}, "label_separator=; is for the objective labels"),
        ({"objective": {"kind": "number"}, "data": {"weight": "rare"}}, "'rare' holds 'no'"),
    ],
)
def test_what_an_objective_can_not_learn_is_refused_before_the_training(
    family: dict[str, Any], message: str, table: Path
) -> None:
    application = bootstrap(_settings(table, "price", **family))

    with pytest.raises(UserError, match=message):
        application.multi_feature.training_run()()


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ({"objective": {"kind": "several"}}, "go together"),
        ({"objectives": {"price": {"kind": "number"}}}, "data.label is for one objective"),
        ({"objective": {"kind": "number", "threshold": 0.5}}, "threshold"),
    ],
)
def test_settings_of_objectives_that_do_not_fit_are_refused(
    family: dict[str, Any], message: str, table: Path
) -> None:
    with pytest.raises(SettingsError, match=message):
        bootstrap(_settings(table, "price", **family))


def test_settings_of_before_are_moved_to_the_objective() -> None:
    settings = bootstrap(
        {"model": "multi-feature", "multi_feature": {"class_weights": "balanced", "label_smoothing": 0.2}}
    ).settings()

    assert settings.multi_feature.objective.class_weights == "balanced"
    assert settings.multi_feature.objective.label_smoothing == 0.2


def test_a_constant_number_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "constant.csv"
    file.write_text("a,b,y\n" + "".join(f"{i},{i % 7},1.5\n" for i in range(40)))

    with pytest.raises(UserError, match=r"'y' holds 1\.5 in every row of the training part"):
        bootstrap(
            {"model": "multi-feature", "multi_feature": {"data": {"path": str(file), "label": "y"}}}
        ).multi_feature.training_run()()


def test_a_label_that_only_test_rows_have_is_refused_with_its_row(tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    rows = [f"{i},{i % 7},red|big,train" for i in range(30)] + ["1,2,red,val", "3,4,red|rare,test"]
    file.write_text("\n".join(["a,b,y,split", *rows]) + "\n")
    data = {"path": str(file), "label": "y", "label_separator": "|", "split": {"kind": "column"}}

    with pytest.raises(UserError, match="no row with the label 'rare', which is first in row 32"):
        bootstrap({"model": "multi-feature", "multi_feature": {"data": data}}).multi_feature.data_spec()

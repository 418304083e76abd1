"""Reports of trainings: what they say, and what they never do."""

import csv
import json
import math
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from nested_lightning import from_checkpoint, resume_training
from nested_lightning.app.errors import UserError
from nested_lightning.app.report.contents import Table, Text
from nested_lightning.app.report.page import MAX_BYTES
from nested_lightning.app.strict_json import to_json
from nested_lightning.containers.reporting.comparing import Compared, open_folders
from nested_lightning.settings.reading.loading import load_settings
from nested_lightning.settings.reading.merging import merge
from tests.containers.reporting.conftest import CLASSES, COLUMNS, odd_settings, train
from tests.containers.reporting.report_page import ReportPage

Report = Callable[..., ReportPage]


def test_numbers_are_those_that_evaluate_gives(odd_run: Path, odd_report: ReportPage) -> None:
    scores = json.loads(to_json(from_checkpoint(odd_run).multi_feature.evaluator()().to_dict()))

    values = odd_report.column("Scores on the test part", "value")
    assert values == {name: f"{value:.6g}" for name, value in scores["scores"].items()}
    assert f"Scores on the test part, {scores['num_samples']} samples, best.ckpt" in odd_report.tables
    lows, highs = (odd_report.column("Scores on the test part", end) for end in ("low", "high"))
    assert all(float(lows[name]) <= float(value) + 1e-6 for name, value in values.items())
    assert all(float(value) <= float(highs[name]) + 1e-6 for name, value in values.items())
    counts = [[int(cell) for cell in row[1:]] for row in odd_report.table("Confusion matrix")]
    assert counts == scores["confusion"]["counts"]


def test_report_needs_no_network_and_no_script(odd_report: ReportPage) -> None:
    addresses = [value for name, value in odd_report.attributes if name in ("src", "href", "xlink:href")]
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in addresses)
    assert not {"script", "link", "iframe", "object"} & {*odd_report.tags}
    assert not re.search(r"url\((?!#)|@import", odd_report.source)
    assert odd_report.source.index("<meta charset") < 100


def test_names_are_literal_in_text_charts_and_attributes(odd_report: ReportPage) -> None:
    for name in (*CLASSES, *COLUMNS):
        assert name in odd_report.text
    assert "img" not in odd_report.tags  # of this family, pictures would be those of names alone
    assert not [name for name, _ in odd_report.attributes if name.startswith("on")]
    titles = [value for name, value in odd_report.attributes if name == "title"]
    assert any(CLASSES[0] in title for title in titles)


def test_missing_values_are_counted_in_the_file(odd_report: ReportPage) -> None:
    assert odd_report.column("Missing values", "missing") == dict.fromkeys(COLUMNS, "1")
    assert sum(int(cell) for cell in odd_report.table("Rows")[0][1:]) == 90


def test_every_chart_has_a_name_for_screen_readers(odd_report: ReportPage) -> None:
    names = [value.split() for name, value in odd_report.attributes if name == "aria-labelledby"]
    ids = [value for name, value in odd_report.attributes if name == "id"]
    assert len(ids) == len({*ids})
    assert {one for several in names for one in several} <= {*ids}
    assert odd_report.source.count('role="img" aria-labelledby') >= 6


def test_nothing_of_the_machine_is_in_it(odd_run: Path, odd_report: ReportPage) -> None:
    private = [str(odd_run.parent), str(Path.cwd()), str(Path.home()), socket.gethostname()]
    assert not [one for one in private if len(one) > 3 and one in odd_report.source]
    assert "…/odd.csv" in odd_report.text


def test_predicted_classes_are_in_columns_and_true_ones_in_rows(tmp_path: Path, report: Report) -> None:
    table = tmp_path / "swapped.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["x", "y", "kind", "split"])
        for row in range(120):
            is_a, part = row % 2 == 0, ("train", "train", "train", "val", "test")[row // 2 % 5]
            looks_like_a = is_a and part != "test"
            rows.writerow([5.0 * looks_like_a + row % 7 / 10, 5.0 * (not looks_like_a), "ab"[not is_a], part])
    settings = odd_settings(tmp_path)
    split = {"split": {"kind": "column", "column": "split"}}
    settings["multi_feature"]["data"] |= {"path": str(table), **split}
    train(merge(settings, {"trainer": {"max_epochs": 10}}))

    page = report(tmp_path / "run")

    assert page.column("Confusion matrix", "b") == {"a": "12", "b": "12"}
    samples = page.column("By class", "samples")
    sums = {row[0]: sum(map(int, row[1:])) for row in page.table("Confusion matrix")}
    assert sums == {name: int(number) for name, number in samples.items()}


def test_numbers_that_are_not_finite_are_gaps_and_break_nothing(tmp_path: Path, report: Report) -> None:
    settings = odd_settings(tmp_path)
    train(settings)
    metrics = tmp_path / "run" / "metrics.csv"
    lines = metrics.read_text().splitlines()
    place = lines[0].split(",").index("train_loss")
    cells = lines[2].split(",")
    cells[place] = "nan"
    metrics.write_text("\n".join([lines[0], lines[1], ",".join(cells), *lines[3:], "x,,damaged"]) + "\n")

    page = report(tmp_path / "run")

    assert "Not finite in train_loss, and so gaps: 1 value" in page.text
    assert page.problems == []
    assert "nan" in page.column("loss", "train_loss").values()


def test_diverged_training_is_reported(tmp_path: Path, report: Report) -> None:
    settings = merge(odd_settings(tmp_path), {"multi_feature": {"optimizer": {"lr": 1e10}}})
    train(settings)

    page = report(tmp_path / "run")

    assert {"Curves", "Settings", "Submodules", "Data"} <= {*page.headings}
    changed = page.column("Changed settings", "value")
    assert changed["multi_feature.optimizer.lr"] == "10000000000.0"


DAMAGES: dict[str, Callable[[Path], object]] = {
    "settings.yaml": lambda run: (run / "settings.yaml").unlink(),
    "metrics.csv": lambda run: (run / "metrics.csv").unlink(),
    "results.json": lambda run: (run / "results.json").write_text("{"),
    "best.ckpt": lambda run: shutil.rmtree(run / "checkpoints"),
}


@pytest.mark.parametrize("file", DAMAGES)
def test_damaged_folder_gives_what_there_is(file: str, odd_run: Path, tmp_path: Path, report: Report) -> None:
    run = shutil.copytree(odd_run, tmp_path / "copy")
    DAMAGES[file](run)

    page = report(run)

    assert "Curves" in page.headings
    if file == "settings.yaml":
        assert page.problems == ["settings.yaml is missing: its settings are those of the checkpoint."]
        assert page.column("Changed settings", "value")["trainer.max_epochs"] == "3"
    elif file == "best.ckpt":
        assert "The model could not be opened" in page.problems[1]
        assert "checkpoints is missing" in page.problems[0]
        assert page.column("Scores of", "test").keys() >= {"accuracy"}
        assert page.column("Changed settings", "value")["trainer.max_epochs"] == "3"
    else:
        assert any(file.partition(".")[0] in problem for problem in page.problems)
        assert page.column("Scores on the test part", "value")


def test_model_and_results_that_are_both_damaged_are_both_said(
    odd_run: Path, tmp_path: Path, report: Report
) -> None:
    run = shutil.copytree(odd_run, tmp_path / "copy")
    for file in ("best.ckpt", "results.json"):
        DAMAGES[file](run)

    problems = report(run).problems

    assert any("The model could not be opened" in one for one in problems)
    assert any("results.json: it is damaged" in one for one in problems)


def test_damaged_run_is_compared_as_far_as_it_goes(odd_run: Path, tmp_path: Path, report: Report) -> None:
    run = shutil.copytree(odd_run, tmp_path / "copy")
    shutil.rmtree(run / "checkpoints")
    (run / "results.json").unlink()
    (run / "metrics.csv").unlink()

    page = report(odd_run, run)

    assert "copy: none are known: checkpoint" in page.text
    assert "The settings of all runs are the same." in page.text
    assert "metrics.csv is missing: copy." in page.problems
    assert "train_loss over step: run" in page.text


def test_data_that_are_gone_leave_logged_scores(tmp_path: Path, report: Report) -> None:
    train(odd_settings(tmp_path))
    (tmp_path / "odd.csv").unlink()

    page = report(tmp_path / "run")

    assert {"Curves", "Scores", "Settings"} <= {*page.headings}
    assert any("odd.csv" in problem for problem in page.problems)
    assert str(tmp_path) not in page.source


def test_resumes_are_marked(tmp_path: Path, report: Report) -> None:
    train(odd_settings(tmp_path))
    resume_training(tmp_path / "run", {"trainer.max_epochs": 5})()

    assert "Resumed at step: 9." in report(tmp_path / "run").text


def test_settings_say_where_they_were_found_also_after_a_resume(tmp_path: Path, report: Report) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(odd_settings(tmp_path, max_epochs=1)))
    train(load_settings(config=file, assignments=["seed=4"]))
    resume_training(tmp_path / "run", {"trainer.max_epochs": 2})()

    page = report(tmp_path / "run")

    places = page.column("Changed settings", "from")
    assert (places["seed"], places["trainer.max_epochs"]) == ("--set", "resume")
    assert re.fullmatch(r"…/mine\.yaml:\d+:\d+", places["multi_feature.data.batch_size"])
    assert str(tmp_path) not in page.source


def test_several_runs_are_compared(odd_run: Path, tmp_path: Path, report: Report) -> None:
    settings = odd_settings(tmp_path, max_epochs=1)
    settings["multi_feature"]["data"]["path"] = str(odd_run.parent / "odd.csv")
    train(settings)

    page = report(odd_run, tmp_path / "run")

    assert page.headings[:3] == ["Scores side by side", "Settings side by side", "Curves side by side"]
    assert "<details><summary>run (2)</summary>" in page.source
    assert {row[0] for row in page.table("Settings that differ")} == {"trainer.max_epochs"}
    tests = page.table("Each against run")
    assert tests[0][:2] == ["run (2)", "is wrong"]
    assert 0 <= float(tests[0][3]) <= 1
    assert tests[0][5] == "McNemar, exact"


def test_one_training_alone_is_not_compared(odd_run: Path) -> None:
    with pytest.raises(UserError, match="run is one training: name another one"):
        open_folders([odd_run]).tables()


def test_folds_of_one_cross_validation_are_not_tested_against_one_another() -> None:
    run: Any = SimpleNamespace(scores=({"accuracy": 0.5}, "test part"), sample_errors=None)
    folds = {"first/fold-0": run, "first/fold-1": run}

    (table,) = Compared(runs=folds).scores()
    _, text = Compared(runs={**folds, "second/fold-0": run}).scores()

    assert isinstance(table, Table)
    assert isinstance(text, Text)
    assert text.text.startswith("No test with first/fold-0: second/fold-0 (")


def test_long_table_is_reported_within_bounds(tmp_path: Path, report: Report) -> None:
    table = tmp_path / "long.csv"
    with table.open("w") as file:
        file.write(
            "x,y\n" + "".join(f"{i / 1000:.3f},{math.sin(i / 300) + i % 13 / 50:.5f}\n" for i in range(20000))
        )
    settings = odd_settings(tmp_path, max_epochs=1)
    settings["multi_feature"]["data"] |= {"path": str(table), "label": "y", "batch_size": 512}
    train(settings)

    page = report(tmp_path / "run")

    assert len(page.source.encode()) <= MAX_BYTES
    assert "2,000 of 4,000 points of predicted minus true are drawn." in page.text
    assert "Scores on the test part, 4,000 samples, best.ckpt" in page.tables


def test_training_ends_with_a_report_of_what_it_computed(tmp_path: Path, with_reports: None) -> None:
    train(odd_settings(tmp_path))

    page = ReportPage(tmp_path / "run" / "report.html")
    assert page.headings == ["Result", "Curves", "Scores", "Submodules", "Graph", "Data", "Settings"]
    assert page.problems == []
    assert "Left out at the end of the training" in page.text


def test_training_without_the_setting_ends_without(tmp_path: Path, with_reports: None) -> None:
    train(odd_settings(tmp_path, use_report=False))

    assert not (tmp_path / "run" / "report.html").exists()


def raise_interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


FAILURES = {
    "no extra": ("nested_lightning.app.extras.find_spec", lambda _name: None, "pip install"),
    "interrupt": (
        "nested_lightning.containers.reporting.run_report.write_page",
        raise_interrupt,
        "it was interrupted",
    ),
}


@pytest.mark.parametrize("failure", [*FAILURES, "folder in its place"])
def test_failed_report_costs_the_training_nothing(failure: str, tmp_path: Path, with_reports: None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        said = "Is a directory"
        if failure in FAILURES:
            target, replacement, said = FAILURES[failure]
            patch.setattr(target, replacement)
        else:
            (tmp_path / "run" / "report.html").mkdir(parents=True)
        with pytest.warns(UserWarning, match=f"no report was written: .*{said}"):
            result = train(odd_settings(tmp_path))

    assert result.best_checkpoint.is_file()
    assert (tmp_path / "run" / "results.json").is_file()
    assert not (tmp_path / "run" / "report.html").is_file()


def test_page_is_the_same_in_every_locale(odd_run: Path, tmp_path: Path, forked_code: Any) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from nested_lightning.containers.reporting.comparing import report_runs;"
        "report_runs([Path(sys.argv[1])], Path(sys.argv[2]))"
    )
    done = forked_code(code, str(odd_run), str(tmp_path / "c.html"), environ={"LC_ALL": "C"})

    assert done.returncode == 0, done.stderr
    assert "größe 犬 🙂" in ReportPage(tmp_path / "c.html").text

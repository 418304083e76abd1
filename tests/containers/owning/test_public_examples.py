"""Two modules of the shape of public examples: what is added to plain Lightning, and what one gets for it."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning import UserError, bootstrap, from_checkpoint
from nested_lightning.containers.checking.model_check import check_application
from tests.command_line import PROJECT
from tests.containers.owning.auto_encoder import Reconstruction, waves
from tests.containers.owning.classifier import corners
from tests.containers.owning.image_classifier import pictures
from tests.untrained import as_if_trained

OWN = PROJECT / "tests" / "containers" / "owning"


def _settings(folder: Path, epochs: int = 2) -> dict[str, Any]:
    trainer = {"max_epochs": epochs, "accelerator": "cpu", "use_progress_bar": False}
    return {"run_dir": str(folder / "run"), "trainer": trainer}


@pytest.mark.parametrize(("name", "most"), [("image_classifier", 5), ("auto_encoder", 8)])
def test_few_lines_are_added_to_plain_lightning(name: str, most: int) -> None:
    text = (OWN / f"{name}.py").read_text()
    added = [
        line
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) or "nested_lightning" in ast.unparse(node)
        for line in range(min([node.lineno, *_decorators(node)]), (node.end_lineno or 0) + 1)
    ]
    lines = text.splitlines()
    plain = "\n".join(line for number, line in enumerate(lines, 1) if number not in added)

    assert len(added) <= most
    assert max(map(len, lines)) <= 110
    assert not {"nested_lightning", "part(", "family"} & {
        word for word in ("part(", "family") if word in plain
    }


def _decorators(node: ast.AST) -> list[int]:
    return [one.lineno for one in getattr(node, "decorator_list", [])]


@pytest.mark.parametrize("own", [pictures, waves])
def test_it_is_checked_trained_and_opened_again(own: Any, tmp_path: Path) -> None:
    application = bootstrap(_settings(tmp_path), family=own)
    section = own.family.section
    report = check_application(application)
    result = getattr(application, section).training_run()()
    model = getattr(from_checkpoint(result.best_checkpoint, family=own), section).model()

    assert (report.faults, report.unchecked) == ((), ())
    assert result.num_steps > 0
    assert not model.training


def test_an_injected_optimiser_and_scheduler_have_settings(tmp_path: Path) -> None:
    settings = {"pictures": {"adam": {"lr": 0.5}, "rate": {"start_factor": 0.25}}}
    configured = bootstrap(settings, family=pictures).pictures.model().configure_optimizers()

    assert configured["optimizer"].param_groups[0]["initial_lr"] == 0.5
    assert configured["optimizer"].param_groups[0]["lr"] == 0.125


def test_a_shared_width_is_one_setting_of_the_wiring_within() -> None:
    model = bootstrap({"waves": {"net": {"latent_dim": 5}}}, family=waves).waves.model()

    assert model.net.encoder[2].out_features == model.net.decoder[0].in_features == 5


@pytest.mark.slow
def test_predictions_are_written_as_json_lines_and_csv(tmp_path: Path) -> None:
    checkpoint = bootstrap(_settings(tmp_path, 1), family=waves).waves.training_run()().best_checkpoint
    container = from_checkpoint(checkpoint, family=waves).waves
    answers = container.answers(files=[])
    lines = [json.loads(line) for line in answers.encode("jsonl").decode().splitlines()]
    rows = answers.encode("csv").decode().splitlines()

    assert answers.count == len(lines) == 10
    assert set(lines[0]) == {"latent", "error"}
    assert rows[0] == "latent_0,latent_1,error"
    assert [float(cell) for cell in rows[1].split(",")] == [*lines[0]["latent"], lines[0]["error"]]


def test_a_family_without_predict_step_or_loader_says_what_is_lacking(tmp_path: Path) -> None:
    application = bootstrap(_settings(tmp_path), family=corners)

    with pytest.raises(
        UserError, match=r"corners has no predictor: CornerClassifier has no predict_step, and Squares"
    ):
        as_if_trained(application.corners).answers(files=[])


@pytest.mark.parametrize("given", [torch.tensor(1.0), {"a": torch.ones(2), "b": torch.ones(3)}, "text", {}])
def test_what_is_no_rows_is_refused(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reconstruction, "predict_step", lambda *_: given)

    with pytest.raises(UserError, match=r"Reconstruction\.predict_step gives .*: let it give a tensor"):
        as_if_trained(bootstrap({}, family=waves).waves).answers(files=[])


def test_a_tensor_alone_is_a_column_and_a_matrix_for_each_sample_no_csv(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = bootstrap({}, family=waves)
    as_if_trained(application.waves)
    monkeypatch.setattr(Reconstruction, "predict_step", lambda _, batch, __: batch[0][:, 0])
    assert application.waves.answers(files=[]).encode("csv").startswith(b"prediction\n")

    monkeypatch.setattr(Reconstruction, "predict_step", lambda _, batch, __: batch[0][:, :, None])
    answers = application.waves.answers(files=[])
    assert len(json.loads(answers.encode("jsonl").splitlines()[0])["prediction"]) == 8
    with pytest.raises(UserError, match="take the format jsonl"):
        answers.encode("csv")

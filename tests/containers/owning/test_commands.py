"""Every command for the two examples of a stranger's family: it works, or is refused in a line."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nested_lightning import bootstrap
from nested_lightning.containers.owning.source_files import family_in_file
from nested_lightning.settings.families import knowing
from tests.command_line import PROJECT, ForkedPrograms, program_in

pytestmark = pytest.mark.slow

FILES = {"pictures": "image_classifier.py", "waves": "auto_encoder.py"}
KINDS = {"pictures": ("pictures.net", "DenseNet"), "waves": ("waves.net.encoder", "Encoder")}


@dataclass(frozen=True)
class Trained:
    """A family that was trained for an epoch, in the folder ``run`` beside its file.

    Attributes:
        name: Of the family, and of its file.
        result: What ``results.json`` holds.
        folder: Where both are.
        programs: Runs commands.
    """

    name: str
    result: dict[str, Any]
    folder: Path
    programs: ForkedPrograms

    def __call__(self, *arguments: str, status: int = 0) -> str:
        """Run a command with ``--model``, and return what it says."""
        own = () if arguments[0] in ("inspect", "export") else ("--model", f"{self.name}.py:{self.name}")
        words = [word.replace("CK", "run/checkpoints/best.ckpt") for word in arguments]
        done = program_in(self.folder, self.programs.run)(*words, *own)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stderr


@pytest.fixture(scope="session", params=FILES)
def trained(
    request: pytest.FixtureRequest, forked_programs: ForkedPrograms, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """Both families, each trained once."""
    folder = tmp_path_factory.mktemp(request.param)
    file = PROJECT / "tests" / "containers" / "owning" / FILES[request.param]
    shutil.copy(file, folder / f"{request.param}.py")
    own = family_in_file(f"{folder / request.param}.py:{request.param}")
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    with knowing(own):
        settings = {"model": own.name, "run_dir": str(folder / "run"), "trainer": trainer}
        application = bootstrap(settings)
    getattr(application, request.param).training_run()()
    return Trained(
        name=request.param,
        result=json.loads((folder / "run" / "results.json").read_text()),
        folder=folder,
        programs=forked_programs,
    )


def test_evaluate_gives_the_scores_of_the_results_file(trained: Trained) -> None:
    found = json.loads(trained("evaluate", "CK", "--json"))

    assert trained.result["best_checkpoint"] == "checkpoints/best.ckpt"
    assert found["scores"] == pytest.approx(trained.result["test"] or trained.result["validation"])
    assert found["num_samples"] == {"pictures": 12, "waves": 24}[trained.name]
    assert json.loads(trained("evaluate", "CK", "--json", "--part", "val"))["scores"] == pytest.approx(
        trained.result["validation"]
    )


def test_predict_writes_a_result_for_each_row_or_says_what_is_lacking(trained: Trained) -> None:
    if trained.name == "pictures":
        message = "pictures has no predictor: Classifier has no predict_step, and Digits has no predict_datal"
        assert message in trained("predict", "CK", status=2)
        return
    trained("predict", "CK", "-o", "out.npz")
    lines = [json.loads(line) for line in trained("predict", "CK").splitlines()]
    arrays = np.load(trained.folder / "out.npz")

    assert arrays["latent"].shape == (10, 2)
    assert [line["error"] for line in lines] == pytest.approx(arrays["error"].tolist())
    assert "Waves the attribute predict_paths" in trained("predict", "CK", "new.csv", status=2)


def test_export_writes_a_file_that_evaluate_takes(trained: Trained) -> None:
    trained("export", "CK", "whole.safetensors")
    exported, kept = (json.loads(trained("evaluate", name, "--json")) for name in ("whole.safetensors", "CK"))

    assert exported == kept


def test_export_writes_one_part_alone(trained: Trained) -> None:
    path, _ = KINDS[trained.name]
    trained("export", "CK", "--submodule", path, "-o", "part.safetensors")

    assert path in trained("inspect", "part.safetensors")
    assert f"near: {path}" in trained(
        "export", "CK", "--submodule", f"{path}x", "-o", "x.safetensors", status=2
    )
    assert "name the file to write, once" in trained("export", "CK", status=2)


def test_swap_replaces_a_part_and_evaluate_takes_the_file(trained: Trained) -> None:
    path, kind = KINDS[trained.name]
    section, _, below = path.partition(".")
    said = trained("swap", "CK", "--submodule", path, "--with", kind, "-o", "swapped.ckpt")

    assert "newly initialised" in said
    assert f"{section}.{below}.{'hidden_features'}" not in said  # no setting differs
    assert json.loads(trained("evaluate", "swapped.ckpt", "--json"))["scores"]
    trained("train", "--from", "swapped.ckpt", "--run-dir", "on")
    assert "first weights: " in (trained.folder / "on/train.log").read_text()


def test_inspect_names_family_parts_and_settings_without_the_file(trained: Trained) -> None:
    said = trained("inspect", "CK")

    assert f"family               {trained.name}" in said
    assert KINDS[trained.name][0] in said
    assert "Settings" in said


def test_the_other_commands_work(trained: Trained) -> None:
    said = trained("check")

    assert "no fault was found" in said
    assert KINDS[trained.name][1] in trained("graph")
    assert KINDS[trained.name][0] in trained("models")
    assert f"{trained.name}.data.num_samples" in trained("config", "--explain")


@pytest.mark.parametrize("trained", ["waves"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train --folds 3", "{0} has no folds: no {0}.data.split of the kind fold"),
        ("train --engine ray", "--engine ray: workers know families of packages alone"),
        ("resume run --engine ray", "--engine ray: workers know families of packages alone"),
        ("train --data x.csv", "--data: {0} has no setting {0}.data.path (settings there: num_samples"),
        ("train --label y --skip-bad", "--label: {0} has no setting {0}.data.label"),
        ("resume run --data x.csv", "--data: {0} has no setting {0}.data.path"),
        ("evaluate CK --data x.csv", "--data: {0} has no setting {0}.data.path"),
        ("evaluate CK --skip-bad", "--skip-bad: {0} has no setting {0}.data.skip_bad"),
    ],
)
def test_what_its_data_have_no_setting_for_is_refused_by_the_words_of_the_command(
    trained: Trained, arguments: str, message: str
) -> None:
    said = trained(*arguments.split(), status=2)

    assert said.startswith(f"error: {message.format(trained.name)}")
    assert "Traceback" not in said

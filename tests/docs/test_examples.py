"""The examples of the documentation: they run, or are parts of what is run elsewhere."""

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import yaml
from pytorch_lightning import LightningDataModule, LightningModule
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.ways.way import FAMILY, HYDRA_ZEN, LIGHTNING_CLI, WAYS
from nested_lightning import bootstrap
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.settings.reading.merging import merge
from nested_lightning.testing.doubles import SubmoduleDouble
from tests.app.exported.tiny import write_tiny
from tests.command_line import ForkedPrograms
from tests.docs.console_page import Step, run_page
from tests.docs.notebook import notebook_of

PROJECT = Path(__file__).parents[2]
WAVES = PROJECT / "tests" / "plugins" / "nested-lightning-waves"
RIVALS = {"coming-from-lightning-cli.md": LIGHTNING_CLI, "coming-from-hydra.md": HYDRA_ZEN}

SESSIONS = {
    "first-day.md": 23,
    "tutorial.md": 3,
    "own-submodule.md": 1,
    "configuring.md": 4,
    "coming-from-ludwig.md": 5,
}
"""Pages whose commands are run, with how many there are."""


def _not_as_shown(page: str, steps: list[Step]) -> list[str]:
    return [f"docs/{page}:{step.line}: {step.printed}" for step in steps if not step.is_as_shown]


def _run_python(page: str) -> dict[str, Any]:
    """Run the Python of a page from top to bottom, as lines of the page, which a traceback then names."""
    path = PROJECT / "docs" / page
    text = path.read_text()
    names: dict[str, Any] = {"__name__": "page"}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        above = "\n" * text.count("\n", 0, block.start(1))
        exec(compile(above + block[1], path, "exec"), names)
    return names


def _blocks(page: str, language: str) -> list[str]:
    text = (PROJECT / "docs" / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("last", "is_as_shown"), [("epoch 3/3  val_loss 0.25", True), ("epoch 3/3  train_loss 0.25", False)]
)
def test_the_last_line_of_progress_alone_counts(last: str, is_as_shown: bool) -> None:
    shown = "epoch 1/3  val_loss 0.5\n…\nepoch 3/3  val_loss 0.1\nTrained\n"
    step = Step(line=1, command="train", shown=shown, printed=f"epoch 1/3\nepoch 2/3\n{last}\nTrained\n")

    assert step.is_as_shown == is_as_shown


def test_an_example_that_fails_names_its_page_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(
        "# Page\n\n```python\nimport torch\n\ntorch.zeros(sise=2)\n```\n"
    )
    monkeypatch.setattr(f"{__name__}.PROJECT", tmp_path)

    with pytest.raises(TypeError) as failure:
        _run_python("page.md")

    assert str(failure.traceback[-1].path).endswith("docs/page.md")
    assert failure.traceback[-1].lineno + 1 == 6


@pytest.mark.slow
def test_the_python_of_embedding_runs_from_top_to_bottom(
    small_settings: dict[str, Any], small_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bootstrap(merge(small_settings, {"run_dir": "runs/shapes"})).multi_feature.training_run()()

    _run_python("embedding.md")

    assert Path("runs/second/checkpoints/best.ckpt").exists()


def test_the_python_of_exported_models_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tiny(tmp_path / "model.onnx")
    (tmp_path / "new.csv").write_text("w,h,x\n1,-1,0.1\n-1,1,0.1\n")
    (block,) = (one for one in _blocks("export.md", "python") if "open_exported" in one)

    exec(block, {"__name__": "page"})

    assert capsys.readouterr().out == "['no', 'yes']\n"


@pytest.mark.slow
def test_the_python_of_serving_runs(
    small_settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bootstrap(merge(small_settings, {"run_dir": "runs/shapes"})).multi_feature.training_run()()

    names = _run_python("serving.md")

    assert sorted(names["app"].openapi()["paths"]) == ["/shapes", "/shapes/predict"]


def test_the_python_of_overriding_runs_from_top_to_bottom() -> None:
    assert "model" in _run_python("overriding.md")


def test_the_python_of_why_runs_from_top_to_bottom() -> None:
    assert "Open" in _run_python("why.md")


@pytest.mark.slow
def test_the_notebook_of_the_tutorial_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((PROJECT / "docs" / "tutorial.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {"__name__": "page"}

    for cell in cells:
        exec(cell, names)

    assert len(cells) >= 8
    assert type(names["reloaded"].multi_feature.model().feature_extractors["kar"]) is names["Products"]
    assert "did you mean 'dropout'" in capsys.readouterr().out


def test_the_notebook_is_that_of_its_page() -> None:
    page = PROJECT / "docs" / "tutorial.md"

    assert page.with_suffix(".ipynb").read_text() == notebook_of(page.read_text())


class Pictures(LightningDataModule):
    """Stands for a reader's own."""

    num_pixels, num_classes = 16, 4

    def train_dataloader(self) -> DataLoader[Any]:
        """Return one batch."""
        return DataLoader(TensorDataset(torch.zeros(2, 16), torch.zeros(2, dtype=torch.int64)), batch_size=2)


class LinearNet(nn.Linear):
    """Stands for a reader's own."""

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__(in_features, num_classes)


class Classifier(LightningModule):
    """Stands for a reader's own."""

    def __init__(self, net: nn.Module, lr: float = 0.1) -> None:
        super().__init__()
        self.net, self.lr = net, lr


def test_the_family_of_the_readme_is_built_with_and_without_a_container(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine: Any = ModuleType("my_project")
    mine.Pictures, mine.Classifier, mine.LinearNet, mine.ConvNet = Pictures, Classifier, LinearNet, LinearNet
    monkeypatch.setitem(sys.modules, "my_project", mine)
    (block,) = [one for one in _blocks("../README.md", "python") if "@nl.family" in one]
    names: dict[str, Any] = {"__name__": "page"}

    exec(block, names)
    application = bootstrap({"corners": {"net": {"kind": "linear"}, "lr": 0.01}}, family=names["corners"])

    assert application.corners.model().lr == 0.01
    assert names["corners"](Pictures(), Classifier, net=LinearNet).net.out_features == 4


def test_the_override_of_the_readme_holds_for_one_extractor() -> None:
    (block,) = [one for one in _blocks("../README.md", "python") if "MockExtractor" in one]
    names: dict[str, Any] = {"__name__": "page", "MockExtractor": SubmoduleDouble}

    exec(block, names)

    extractors = names["model"].feature_extractors
    assert [name for name, one in extractors.items() if isinstance(one, SubmoduleDouble)] == ["kar"]


@pytest.mark.slow
def test_the_program_of_the_readme_predicts(
    small_settings: dict[str, Any], small_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = bootstrap(merge(small_settings, {"run_dir": "runs/shapes"})).multi_feature.training_run()()
    shutil.copy(result.best_checkpoint, "best.ckpt")
    shutil.copy(small_csv, "new.csv")
    (block,) = [one for one in _blocks("../README.md", "python") if "new.csv" in one]
    names: dict[str, Any] = {"__name__": "page"}

    exec(block, names)

    assert len(names["predictions"].classes) > 0


def test_the_python_of_wiring_runs_from_top_to_bottom() -> None:
    assert _run_python("wiring.md")["first"].hparams == {}


@pytest.mark.slow
@pytest.mark.parametrize(("page", "num_steps"), SESSIONS.items())
def test_a_session_goes_as_its_page_says(
    page: str, num_steps: int, forked_programs: ForkedPrograms, tmp_path: Path
) -> None:
    steps = list(run_page((PROJECT / "docs" / page).read_text(), tmp_path, forked_programs))

    assert _not_as_shown(page, steps) == []
    assert len(steps) == num_steps


@pytest.mark.slow
@pytest.mark.parametrize("page", RIVALS)
def test_our_side_of_a_comparison_goes_as_its_page_says(
    page: str, forked_programs: ForkedPrograms, tmp_path: Path
) -> None:
    shutil.copy(WAYS / "parts.py", tmp_path)

    steps = list(run_page((PROJECT / "docs" / page).read_text(), tmp_path, forked_programs))

    assert _not_as_shown(page, steps) == []
    assert len(steps) == 4


@pytest.mark.parametrize("page", RIVALS)
def test_files_of_a_comparison_are_those_of_the_benchmark(page: str) -> None:
    folder = WAYS / RIVALS[page].folder
    blocks = [block.partition("\n") for block in (*_blocks(page, "python"), *_blocks(page, "yaml"))]
    theirs = [(head.split()[-1], code) for head, _, code in blocks if head.startswith("# theirs, ")]
    (ours,) = (code for head, _, code in blocks if head == "# digits.py")

    assert len(theirs) == 2
    assert all(code in _as_of_a_reader(folder / name) for name, code in theirs)
    assert ours in _as_of_a_reader(WAYS / FAMILY.folder / "digits.py")


@pytest.mark.parametrize("page", RIVALS)
def test_commands_of_a_comparison_are_those_of_the_benchmark(page: str) -> None:
    way = RIVALS[page]
    again = way.changed if way is HYDRA_ZEN else ()  # its checkpoints hold no settings
    commands = (way.training(2, *way.changed), way.training(1, way.misspelt), (*way.resuming(3), *again))
    words = [[Path(word).name if word.startswith("/") else word for word in command] for command in commands]

    assert [f"python {' '.join(line)}\n".replace("benchmarks.ways.", "") for line in words] == _blocks(
        page, "sh"
    )


def _as_of_a_reader(path: Path) -> str:
    return path.read_text().replace("benchmarks.ways.", "")


@pytest.mark.parametrize("block", [*_blocks("plugins.md", "python"), *_blocks("plugins.md", "toml")])
def test_the_examples_of_plugins_stand_in_the_package_that_is_tested(block: str) -> None:
    name, _, code = block.partition("\n")

    assert code in (WAVES / name.removeprefix("# ")).read_text()


def test_plugins_names_every_base_that_a_slot_has() -> None:
    page = (PROJECT / "docs" / "plugins.md").read_text()
    text = "".join(path.read_text() for path in (PROJECT / "settings").rglob("*.py"))
    bases = set(re.findall(r"base=([A-Z]\w+)", text))

    assert bases <= set(re.findall(r"\w+Settings", page))
    assert len(bases) > 20


def test_families_stand_in_pyproject_as_any_plugin_has_them() -> None:
    entry_points = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["entry-points"]

    assert "multi-feature" in entry_points["nested_lightning.families"]


@pytest.mark.slow
def test_the_adapters_of_the_training_page_fit_what_ships() -> None:
    pytest.importorskip("peft", reason="peft is of the extra 'pretrained'")
    policies, *_ = [yaml.safe_load(block) for block in _blocks("training.md", "yaml") if "lora:" in block]
    settings = {
        "model": "image-to-text",
        "image_to_text": {"text_decoder": {"kind": "transformer"}},
        **policies,
    }

    report = check_application(bootstrap(settings))

    assert not report.faults
    rows = {row.path: row for row in report.rows}
    assert rows["text_decoder"].learning_rates == pytest.approx((0.000256, 0.00032, 0.0004, 0.0005))
    assert rows["image_encoder"].note.startswith("adapters at ")

"""What one gets for the two public examples as they are: commands, doubles, fixtures."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from nested_lightning import bootstrap, overriding
from nested_lightning.testing import pytest_plugin
from nested_lightning.testing.doubles import SubmoduleDouble, few_samples, one_step_trainer
from tests.command_line import PROJECT, Program
from tests.containers.owning.auto_encoder import Waves, waves
from tests.containers.owning.image_classifier import Digits, pictures

OWN = PROJECT / "tests" / "containers" / "owning"

override = pytest_plugin.override


@pytest.fixture
def application() -> Any:
    """Stand in for the plug-in's fixture, with the auto-encoder."""
    return bootstrap({}, family=waves)


def _settings(folder: Path, **more: Any) -> dict[str, Any]:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    return {"run_dir": str(folder / "run"), "trainer": trainer, **more}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "setting", "parts", "replaced"),
    [
        (
            "image_classifier.py:pictures",
            "pictures.net.hidden_features=3",
            ("pictures.net", "pictures.adam", "pictures.rate"),
            ("pictures.net", "Flat", "Sequential"),
        ),
        (
            "auto_encoder.py:waves",
            "waves.net.encoder.hidden_features=3",
            ("waves.net", "waves.net.encoder", "waves.net.decoder"),
            ("waves.net.encoder", "Linear", "Linear"),
        ),
    ],
)
def test_models_config_graph_and_override_reach_its_parts(
    program: Program,
    tmp_path: Path,
    file: str,
    setting: str,
    parts: tuple[str, ...],
    replaced: tuple[str, str, str],
) -> None:
    shutil.copy(OWN / file.partition(":")[0], tmp_path)
    (tmp_path / "mine.py").write_text(
        "from torch import nn\nLinear = nn.Linear\n\n\n"
        "def Flat(*widths):\n    return nn.Sequential(nn.Flatten(), nn.Linear(*widths))\n"
    )

    def run(*arguments: str) -> str:
        done = program(*arguments, "--model", file)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    path, name, of_class = replaced
    with_another = ("--override", f"{path}=mine:{name}")
    shown = run("models")
    assert all(part in shown for part in parts)
    assert "hidden_features: 3" in run("config", "--set", setting)
    assert parts[0].partition(".")[2] in run("graph")
    assert of_class in run("graph", *with_another)
    run("train", "--epochs", "1", "--run-dir", "run", *with_another)
    compared = program("config", "--diff", "run", "run/checkpoints/best.ckpt")  # without its code
    assert "are the same" in compared.stdout + compared.stderr


@pytest.mark.parametrize(
    ("own", "path", "width"), [(pictures, "pictures.net", 3), (waves, "waves.net.decoder", 8)]
)
def test_a_double_and_few_samples_stand_for_a_part_and_the_data(
    own: Any, path: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def double(*_: int) -> SubmoduleDouble:
        return SubmoduleDouble(out_features=width, gives=lambda answer, x: answer.repeat(len(x), 1))

    application, section = bootstrap({}, family=own), own.family.section
    samples = few_samples(application, num_samples=4)
    with overriding(application, {path: double, f"{section}.datamodule": samples}):
        for kind in (Digits, Waves):
            monkeypatch.setattr(kind, "__init__", lambda *_, **__: pytest.fail("the data are needed"))
        model = getattr(application, section).model()
        one_step_trainer().fit(model, getattr(application, section).datamodule())

    assert len(model.get_submodule(path.partition(".")[2]).calls[0].args[0]) == 4


def test_the_fixture_overrides_a_part_within_a_part(application: Any, override: Callable[..., None]) -> None:
    override("waves.net.encoder", nn.Linear)

    assert type(application.waves.model().net.encoder) is nn.Linear


def test_data_are_prepared_once_in_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Digits] = []
    monkeypatch.setattr(Digits, "prepare_data", lambda data: calls.append(data))  # has a __code__
    application = bootstrap(_settings(tmp_path), family=pictures)
    application.pictures.training_run()()

    assert calls == [application.pictures.datamodule()]

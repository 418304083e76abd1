"""A training in the workers of a Ray cluster, which is started for it on this machine."""

import os
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from app.errors import UserError
from containers import bootstrap, family_container, train_in_workers
from settings.application import parse_settings
from settings.merging import merge

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")


@pytest.fixture
def settings(
    small_settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Settings of two workers, without dropout and batch normalisation."""
    monkeypatch.chdir(tmp_path)
    project = str(Path(__file__).resolve().parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([project, os.environ.get("PYTHONPATH", "")]))
    plain = {
        "data": {"batch_size": 8},
        "feature_extractor": {"kind": "plain"},
        "head": {"kind": "linear"},
        "optimizer": {"kind": "sgd", "lr": 0.05},
    }
    return merge(small_settings, {"trainer": {"devices": 2, "max_epochs": 2}, "multi_feature": plain})


@needs_ray
def test_two_workers_come_to_what_one_process_comes_to(settings: dict[str, Any], tmp_path: Path) -> None:
    on_interrupt = signal.getsignal(signal.SIGINT)
    result = train_in_workers(parse_settings(settings))

    assert signal.getsignal(signal.SIGINT) is on_interrupt
    assert result.run_folder.path == tmp_path / "run"
    alone = {"trainer": {"devices": 1}, "run_dir": "alone", "multi_feature": {"data": {"batch_size": 16}}}
    expected = family_container(bootstrap(merge(settings, alone))).training_run()()
    assert result.test_metrics == pytest.approx(expected.test_metrics, rel=1e-3)
    states = [
        torch.load(folder.last_checkpoint, weights_only=True)["state_dict"]
        for folder in (result.run_folder, expected.run_folder)
    ]
    torch.testing.assert_close(*states, rtol=1e-4, atol=1e-5)


@needs_ray
def test_a_mistake_that_a_worker_finds_is_told_as_ever(settings: dict[str, Any]) -> None:
    mistaken = merge(settings, {"multi_feature": {"data": {"label": "shap"}}})

    with pytest.raises(UserError, match="there is no label column 'shap'"):
        train_in_workers(parse_settings(mistaken))


@pytest.mark.skipif(find_spec("ray") is not None, reason="ray is there")
def test_without_ray_it_is_said_what_to_install(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"pip install 'nested-lightning\[ray\]'"):
        train_in_workers(parse_settings(settings))

    assert not (tmp_path / "run").exists()

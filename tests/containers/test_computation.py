"""Trainings that compute in another way, beside the same ones that don't: equal up to rounding."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from app.errors import UserError
from app.training.compilation import check_cpp_compiler
from app.training.result import TrainingResult
from containers import bootstrap, family_container
from settings.merging import merge
from tests.conftest import make_picture_settings

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++"))), reason="torch.compile needs a C++ compiler on a CPU"
)
PLAIN: dict[str, Any] = {
    "multi_feature": {"feature_extractor": {"kind": "plain"}, "head": {"kind": "linear"}}
}


def _train(settings: dict[str, Any], folder: Path, **trainer: Any) -> tuple[TrainingResult, dict[str, Any]]:
    wanted = merge(settings, {"run_dir": str(folder), "trainer": {"max_epochs": 2, **trainer}})
    run = family_container(bootstrap(wanted)).training_run()
    result = run()
    return result, torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


@needs_compiler
def test_compiled_trainings_are_equal_to_a_ten_thousandth(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = merge(small_settings, PLAIN)

    torch._dynamo.utils.counters.clear()
    plain, plain_weights = _train(settings, tmp_path / "plain")
    assert torch._dynamo.utils.counters["stats"]["calls_captured"] == 0
    compiled, weights = _train(settings, tmp_path / "compiled", use_compilation=True)

    assert torch._dynamo.utils.counters["stats"]["calls_captured"] > 0
    assert list(weights) == list(plain_weights)
    torch.testing.assert_close(weights, plain_weights, rtol=1e-4, atol=1e-5)
    assert compiled.test_metrics == pytest.approx(plain.test_metrics, rel=1e-4)


def test_a_machine_without_a_compiler_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_none() -> str:
        from torch._inductor.exc import InvalidCxxCompiler

        raise InvalidCxxCompiler

    monkeypatch.setattr("torch._inductor.cpp_builder.get_cpp_compiler", find_none)

    with pytest.raises(UserError, match=r"needs a C\+\+ compiler, and none was found: install g\+\+"):
        check_cpp_compiler()


def test_bf16_mixed_is_equal_to_a_few_hundredths(small_settings: dict[str, Any], tmp_path: Path) -> None:
    settings = merge(small_settings, PLAIN)

    plain, plain_weights = _train(settings, tmp_path / "plain")
    mixed, weights = _train(settings, tmp_path / "mixed", precision="bf16-mixed")

    assert all(tensor.dtype == plain_weights[name].dtype for name, tensor in weights.items())
    assert mixed.test_metrics["test_loss"] == pytest.approx(plain.test_metrics["test_loss"], rel=0.03)
    assert mixed.test_metrics["test_loss"] != plain.test_metrics["test_loss"]


def test_channels_last_changes_nothing_but_the_layout(picture_folder: Path, tmp_path: Path) -> None:
    settings = make_picture_settings(picture_folder, tmp_path)
    settings["vae_gan"]["discriminator"] = {"kind": "conv"}

    _, plain = _train(settings, tmp_path / "plain", val_every_n_epochs=1)
    _, weights = _train(settings, tmp_path / "last", val_every_n_epochs=1, use_channels_last=True)

    assert list(weights) == list(plain)
    torch.testing.assert_close(weights, plain, rtol=1e-3, atol=1e-4)
    kernels = [name for name, tensor in weights.items() if tensor.dim() == 4 and min(tensor.shape[1:]) > 1]
    assert kernels
    assert all(weights[name].is_contiguous(memory_format=torch.channels_last) for name in kernels)

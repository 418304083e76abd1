"""Trainings that compute in another way, beside the same ones that don't: equal up to rounding."""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning import bootstrap, family_container, overriding
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.machine.compilation import check_cpp_compiler
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.settings.reading.merging import merge
from tests.processes.made_once import write_shapes
from tests.processes.trainings import FAMILIES, SHARED, FixedSampler

pytestmark = pytest.mark.slow

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++"))), reason="torch.compile needs a C++ compiler on a CPU"
)
Train = Callable[..., tuple[TrainingResult, Mapping[str, Any]]]
"""Takes a family's name and settings of the trainer; gives the result, and the last checkpoint's weights."""

SCORES: Mapping[str, tuple[str, ...]] = {
    "multi-feature": ("loss",),
    "image-to-text": ("loss",),
    "variant": ("letters_loss", "moods_loss", "points_loss"),
    "vae-gan": ("reconstruction",),
}
"""Test metrics that tell what a training comes to; others, as accuracies, go by steps."""
CONVOLUTIONS: Mapping[str, Mapping[str, Any]] = {
    "image-to-text": {"image_encoder": {"kind": "plain"}},
    "vae-gan": {
        "vae": {"encoder": {"kind": "conv"}, "decoder": {"kind": "conv"}},
        "discriminator": {"kind": "conv"},
    },
}


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """Trains a family for two epochs if nothing else is wanted, without dropout and noise."""
    write_shapes(tmp_path / "shapes.csv")

    def run(name: str, more: Mapping[str, Any] | None = None, **trainer: Any) -> Any:
        folder = tmp_path / f"run-{len(list(tmp_path.glob('run-*')))}"
        settings = merge(merge(FAMILIES[name](tmp_path, 12), SHARED), {"trainer": trainer})
        application = bootstrap(merge(merge(settings, more or {}), {"run_dir": str(folder)}))
        has_draws = name == "vae-gan"
        with overriding(application, "vae_gan.sampler", FixedSampler) if has_draws else nullcontext():
            result = family_container(application).training_run()()
        return result, torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]

    return run


def _has_bf16_lstm() -> bool:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        try:
            torch.nn.LSTM(2, 2)(torch.ones(1, 1, 2))
        except RuntimeError:  # of a CPU that has AVX2 at most
            return False
    return True


needs_bf16_lstm = pytest.mark.skipif(not _has_bf16_lstm(), reason="torch has no LSTM in bf16 for this CPU")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=needs_bf16_lstm if name in ("image-to-text", "variant") else ())
        for name in SCORES
    ],
)
def test_bf16_mixed_comes_to_scores_that_differ_by_three_hundredths(train: Train, name: str) -> None:
    plain, plain_weights = train(name)
    mixed, weights = train(name, precision="bf16-mixed")

    assert all(tensor.dtype == plain_weights[key].dtype for key, tensor in weights.items())
    for score in SCORES[name]:
        one, other = (result.test_metrics[f"test_{score}"] for result in (plain, mixed))
        assert one == pytest.approx(other, rel=0.03)
        assert one != other


BACKEND = os.environ.get("TEST_COMPILER", "aot_eager")
"""What takes the graphs of most families: how they are made is what differs. ``inductor`` compiles them."""


@needs_compiler
@pytest.mark.parametrize(
    ("name", "backend"),
    [(name, "inductor" if name == "multi-feature" else BACKEND) for name in SCORES],
)
def test_a_compiled_training_comes_to_the_same_weights(
    train: Train, name: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    torch._dynamo.utils.counters.clear()
    plain, plain_weights = train(name, max_epochs=1)
    assert torch._dynamo.utils.counters["stats"]["calls_captured"] == 0
    compiled, weights = train(name, max_epochs=1, use_compilation=True)

    assert torch._dynamo.utils.counters["stats"]["calls_captured"] > 0
    assert list(weights) == list(plain_weights)
    torch.testing.assert_close(weights, plain_weights, rtol=1e-4, atol=1e-5)
    assert compiled.test_metrics == pytest.approx(plain.test_metrics, rel=1e-3, abs=1e-4, nan_ok=True)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_channels_last_comes_to_the_same_weights(train: Train, name: str) -> None:
    section = {name.replace("-", "_"): CONVOLUTIONS[name]}

    _, plain = train(name, section)
    _, weights = train(name, section, use_channels_last=True)

    assert list(weights) == list(plain)
    torch.testing.assert_close(weights, plain, rtol=1e-3, atol=1e-4)
    kernels = [key for key, tensor in weights.items() if tensor.dim() == 4 and min(tensor.shape[1:]) > 1]
    assert kernels
    assert all(weights[key].is_contiguous(memory_format=torch.channels_last) for key in kernels)


def test_a_machine_without_a_compiler_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")

    with pytest.raises(UserError, match=r"C\+\+ compiler, and no-such-compiler wasn't found: install g\+\+"):
        check_cpp_compiler()

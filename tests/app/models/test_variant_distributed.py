"""Two processes on the CPU that train one variant model together, by gloo."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytorch_lightning import Callback

from tests.tiny_variants import variant_settings

PROJECT = Path(__file__).resolve().parents[3]
PROCESS = """
import json, sys
from pathlib import Path

import torch
from torch import distributed

from containers import bootstrap
from tests.app.models.test_variant_distributed import changes_of_steps

folder = Path(sys.argv[1])
settings = json.loads((folder / "settings.json").read_text())
family = bootstrap(settings).variant
run = family.training_run()
report = changes_of_steps(run)
report["world_size"] = distributed.get_world_size()
report["backend"] = distributed.get_backend()
report["finds_unused"] = run.trainer.strategy._ddp_kwargs["find_unused_parameters"]
report["end"] = float(torch.nn.utils.parameters_to_vector(run.model.parameters()).double().sum())
(folder / f"rank{distributed.get_rank()}.json").write_text(json.dumps(report))
"""


def changes_of_steps(run: object) -> dict[str, list[object]]:
    """Train, and return for each step its variant, the sum of its inputs, and which decoders moved."""
    steps: dict[str, list[object]] = {"variants": [], "inputs": [], "moved": []}

    class Watch(Callback):
        def _flat(self, model: object) -> dict[str, list[float]]:
            decoders = model.decoders  # type: ignore[attr-defined]
            return {name: [float(p.double().sum()) for p in m.parameters()] for name, m in decoders.items()}

        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):  # type: ignore[no-untyped-def]
            self.before = self._flat(pl_module)
            steps["variants"].append(batch.variant)
            steps["inputs"].append(float(batch.inputs.double().sum()))

        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):  # type: ignore[no-untyped-def]
            after = self._flat(pl_module)
            steps["moved"].append([name for name in after if after[name] != self.before[name]])

    run.trainer.callbacks.append(Watch())  # type: ignore[attr-defined]
    run()  # type: ignore[operator]
    return steps


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[object]]]:
    """What the two processes saw."""
    folder = tmp_path_factory.mktemp("distributed")
    settings = variant_settings(folder / "data", folder / "run", optimizer={"weight_decay": 0.1})
    settings["trainer"] |= {"devices": 2, "strategy": "ddp", "max_epochs": 2}
    (folder / "settings.json").write_text(json.dumps(settings))
    script = folder / "process.py"
    script.write_text(PROCESS)
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(2)]


def test_two_processes_train_by_gloo_and_expect_unused_parameters(ranks: list[dict[str, object]]) -> None:
    assert all(rank["world_size"] == 2 and rank["backend"] == "gloo" for rank in ranks)
    assert all(rank["finds_unused"] is True for rank in ranks)


def test_both_draw_the_same_variant_at_the_same_step_and_other_sequences(
    ranks: list[dict[str, list[object]]],
) -> None:
    one, other = ranks

    assert one["variants"] == other["variants"]
    assert set(one["variants"]) == {"letters", "moods", "points"}
    differ = [a != b for a, b in zip(one["inputs"], other["inputs"], strict=True)]
    assert sum(differ) > 0.8 * len(differ)


def test_a_step_moves_the_decoder_of_its_variant_alone(ranks: list[dict[str, list[object]]]) -> None:
    for rank in ranks:  # the rate of the last step is 0
        assert rank["moved"][:-1] == [[variant] for variant in rank["variants"][:-1]]


def test_both_end_with_the_same_weights(ranks: list[dict[str, object]]) -> None:
    assert ranks[0]["end"] == ranks[1]["end"]

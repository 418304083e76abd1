"""Damaged and hostile checkpoints, read by child processes with little memory.

``python -m tests.campaign.checkpoints --seed 0 --count 1000`` prints what held and what failed, by kind.
"""

import argparse
import io
import os
import random
import resource
import signal
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from nested_lightning import bootstrap, family_container, from_checkpoint, resume_training
from nested_lightning.app.checkpoints.inspection import describe_checkpoint
from nested_lightning.app.checkpoints.model_file import export_safetensors
from nested_lightning.app.errors import UserError
from nested_lightning.settings.reading.errors import SettingsError
from tests.campaign.checkpoint_mutations import KINDS, Content

ROOM = 1 << 30
"""Bytes that a child may take besides what it starts with."""
LONGEST_S = 60


UNNAMED = "REFUSED WITHOUT ITS NAME"


def is_failure(outcome: str) -> bool:
    """Return whether what came of a try should not have."""
    return outcome.isupper() or outcome.startswith("DIED")


def train(folder: Path) -> None:
    """Train a tiny model in the sub-folder ``run``."""
    chance = np.random.default_rng(0)
    rows = [
        "a0,a1,b0,shape",
        *(f"{x:.3f},{y:.3f},{z:.3f},{'uv'[int(x > 0)]}" for x, y, z in chance.normal(size=(60, 3))),
    ]
    (folder / "data.csv").write_text("\n".join(rows) + "\n")
    settings = {
        "model": "multi-feature",
        "run_dir": str(folder / "run"),
        "trainer": {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False, "num_threads": 1},
        "multi_feature": {
            "data": {"path": str(folder / "data.csv"), "label": "shape", "batch_size": 16},
            "feature_extractor": {"hidden_features": 8, "out_features": 4},
        },
    }
    family_container(bootstrap(settings)).training_run()()


def use(path: Path, is_training: bool, clean: Content) -> str:
    """Do with a checkpoint what a user does; return what came of it."""
    try:
        if is_training:
            resume_training(Path("run"), {"trainer": {"max_epochs": 2}})()
        else:
            describe_checkpoint(path)
            (exported := Path("model.safetensors")).unlink(missing_ok=True)
            export_safetensors(path, exported)
            from_checkpoint(path)
    except (UserError, SettingsError) as error:
        if "last.ckpt" in str(error) and len(str(error)) < 2000:
            return "refused"
        traceback.print_exc()
        return UNNAMED
    except BaseException:
        traceback.print_exc()
        return "TRACEBACK"
    if is_training:
        return "used"
    state = torch.load(path, weights_only=True)["state_dict"]
    is_same = all(torch.equal(state[name], value) for name, value in clean["state_dict"].items())
    return "used" if is_same else "OTHER WEIGHTS"


def attempt(data: bytes, is_training: bool, clean: Content) -> str:
    """Use a checkpoint in a child process, in a folder that is restored afterwards."""
    path = Path("run/checkpoints/last.ckpt")
    path.write_bytes(data)
    Path("victim").mkdir(exist_ok=True)
    Path("victim/file").write_text("mine")
    outcome, written = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        os.dup2(1, 2)
        torch.set_num_threads(1)
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, taken + ROOM))
        signal.alarm(LONGEST_S)
        os.write(written, use(path, is_training, clean).encode())
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(written)
    with os.fdopen(outcome) as told:
        came_of_it = told.read() or f"DIED of {status}"
    if Path("executed").exists():
        return "CODE EXECUTED"
    return came_of_it if Path("victim/file").exists() else "FILE DELETED"


def run(seed: int, count: int) -> Counter[tuple[str, str]]:
    """Attack that many times; return how often what came of each kind."""
    found: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        torch.set_num_threads(1)
        train(Path(folder))
        files = {
            name: file.read_bytes()
            for name in ("best", "last")
            for file in [Path(f"run/checkpoints/{name}.ckpt")]
        }
        settings = Path("run/settings.yaml").read_bytes()
        for number in range(count):
            chance = random.Random(f"{seed}/{number}")
            kind = KINDS[number % len(KINDS)]
            clean = torch.load(io.BytesIO(files["last"]), weights_only=True)
            data = kind(
                bytearray(files["last"]), torch.load(io.BytesIO(files["last"]), weights_only=True), chance
            )
            came_of_it = attempt(data, chance.random() < 0.4, clean)
            found[kind.__name__, came_of_it] += 1
            if is_failure(came_of_it):
                print(f"{number}: {kind.__name__}: {came_of_it}", file=sys.stderr)
            Path("run/checkpoints/best.ckpt").write_bytes(files["best"])
            Path("run/settings.yaml").write_bytes(settings)
        if any(is_failure(outcome) for _, outcome in found):
            print(Path("output.txt").read_text(errors="replace")[-20000:], file=sys.stderr)
        os.chdir("/")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    table = run(**vars(parser.parse_args()))
    for (kind_name, outcome_name), times in sorted(table.items()):
        print(f"{kind_name:16}{outcome_name:26}{times:6}")
    sys.exit(any(is_failure(outcome_name) for _, outcome_name in table))

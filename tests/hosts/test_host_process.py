"""What a host's process is like before and after it used us: the same."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nested_lightning import bootstrap

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]

CODE = """
import json, logging, os, random, signal, sys, threading, warnings
from pathlib import Path


def open_files():
    # but for pipes, of which pyarrow keeps one after its first CSV file, and the fonts that matplotlib keeps
    links = Path("/proc/self/fd").glob("*")
    targets = [target for link in links if (target := read_link(link))]
    return sorted(one for one in targets if "pipe:" not in one and "/mpl-data/fonts/" not in one)


def read_link(link):
    try:
        return os.readlink(link)
    except OSError:
        return None


def process():
    loggers = [logging.getLogger(), *logging.root.manager.loggerDict.values()]
    return {
        "loggers": {
            one.name: (one.level, list(map(str, one.handlers)), one.propagate, one.disabled)
            for one in loggers
            if isinstance(one, logging.Logger) and (one.handlers or one.level or not one.propagate)
        },
        "log records": (logging.root.manager.disable, str(logging.getLogRecordFactory())),
        "warnings": (list(map(str, warnings.filters)), str(warnings.showwarning)),
        "environment": dict(os.environ),
        "signals": {int(n): str(signal.getsignal(n)) for n in signal.valid_signals()},
        "threads": threading.active_count(),
        "files": sorted(os.listdir(".")),
        "open files": open_files(),
        "hooks": (str(sys.excepthook), sys.path[:], sys.getrecursionlimit()),
        "random": str(random.getstate()),
    }


def libraries():
    import numpy, torch

    return {
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "dtype": str(torch.get_default_dtype()),
        "gradients": torch.is_grad_enabled(),
        "precision": torch.get_float32_matmul_precision(),
        "benchmark": torch.backends.cudnn.benchmark,
        "random": (torch.get_rng_state().tolist(), str(numpy.random.get_state())),
    }


steps = {}
before = process()
import nested_lightning.app, nested_lightning.containers, nested_lightning.settings
steps["importing our packages"] = (before, process(), "torch" in sys.modules)

import pyarrow.parquet, pytorch_lightning, sklearn.metrics, torch, torchmetrics.classification
before = process() | {"torch": libraries()}
from nested_lightning import bootstrap, from_checkpoint
import nested_lightning.containers.multi_feature
steps["importing what needs torch"] = (before, process() | {"torch": libraries()}, False)

trained = from_checkpoint(Path(sys.argv[1]))
predictor = trained.multi_feature.predictor()
predictor.predict([{"kar0": 1, "kar1": 1, "kar2": 1, "fou0": 1, "fou1": 1}])
fresh = bootstrap({"model": "multi-feature"})
assert (fresh.settings().seed, fresh.settings().run_dir) == (0, None)
fresh.multi_feature.model()
steps["predicting"] = (before, process() | {"torch": libraries()}, False)

values = trained.settings().to_plain() | {"run_dir": sys.argv[2]}
application = bootstrap(values)
application.multi_feature.training_run()()
application.shutdown_resources()
steps["training"] = (before, process() | {"torch": libraries()}, False)
print(json.dumps(steps))
"""


def test_importing_predicting_and_training_leave_a_hosts_process_as_it_was(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    checkpoint = bootstrap(small_settings).multi_feature.training_run()().best_checkpoint
    folder = tmp_path / "current"
    folder.mkdir()
    (folder / "settings.yaml").write_text("seed: 8\n")

    done = subprocess.run(
        [sys.executable, "-c", CODE, str(checkpoint), str(tmp_path / "second")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "NESTED_LIGHTNING__SEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    for step, (before, after, has_torch) in json.loads(done.stdout.splitlines()[-1]).items():
        assert not has_torch, step
        for name in before:
            assert after[name] == before[name], f"{step}: {name}"

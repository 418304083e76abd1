"""What comes of settings: first weights and batches, and what a training of two steps leaves behind."""

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nested_lightning import ApplicationSettings, SettingsError, UserError, bootstrap, family_container
from nested_lightning.app.tensors import tensors_in

_SAID_OTHERWISE = ("settings.yaml", "train.log", ".lock", "overrides.json")
"""Files of a run folder that hold what was set, and times."""


def beginning(settings: ApplicationSettings) -> list[object]:
    """Return first weights and batches."""
    return _all(_beginning, settings)


def training(settings: ApplicationSettings) -> list[object]:
    """Return what a training leaves behind, which takes much longer."""
    return _all(_training, settings)


def _all(
    what: Callable[[ApplicationSettings], Iterator[object]], settings: ApplicationSettings
) -> list[object]:
    found: list[object] = []
    try:
        found.extend(what(settings))
    except (SettingsError, UserError, ValueError) as error:
        found.append(f"{type(error).__name__}: {error}")
    return found


def _beginning(settings: ApplicationSettings) -> Iterator[object]:
    container = family_container(bootstrap(settings))
    yield _digest(container.model().state_dict())
    datamodule = container.datamodule()
    loaders = (datamodule.train_dataloader(), datamodule.val_dataloader(), datamodule.test_dataloader())
    for loader in loaders:
        yield [_digest(batch) for batch in islice(loader, 2)]


def _training(settings: ApplicationSettings) -> Iterator[object]:
    with tempfile.TemporaryDirectory() as folder:
        place = settings.run_dir or Path(folder, "run")
        changed = settings.model_copy(update={"run_dir": Path(folder, place)})
        run = family_container(bootstrap(changed)).training_run()
        run()
        yield from _left_behind(Path(folder, place))


def _left_behind(folder: Path) -> Iterator[object]:
    files = {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*")) if file.is_file()}
    yield [name for name in files if "tfevents" not in name], any("tfevents" in name for name in files)
    for name, file in files.items():
        if name.endswith(".ckpt"):
            content = torch.load(file, weights_only=True)
            yield [_digest(content[part]) for part in ("state_dict", "optimizer_states", "lr_schedulers")]
            yield content["epoch"], content["global_step"]
        elif name == "results.json":
            results = json.loads(file.read_text())
            yield [results.get(part) for part in ("validation", "test")]
        elif name not in _SAID_OTHERWISE and "tfevents" not in name:
            yield name, file.read_bytes()


def _digest(content: Any) -> str:
    written = hashlib.sha256()
    for tensor in tensors_in(content):
        written.update(_bytes(tensor))
    return written.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    file = io.BytesIO()
    torch.save(tensor.clone(), file)
    return file.getvalue()

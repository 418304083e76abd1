"""Programs of ``torch.export`` as files: opened after a look for what could run code."""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from torch import Tensor
from torch.export import ExportedProgram

from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting import recurrent_layers  # noqa: F401 # programs may hold its operator
from nested_lightning.app.foreign_files import foreign_file, regular_file

_PLAIN = (".json", "/byteorder", "/version", "/serialization_id", "/archive_format", "/archive_version")
_EXAMPLE = "/data/sample_inputs/model.pt"
_TENSORS = ("/data/weights/weight_", "/data/constants/tensor_")


def to_pt2(program: ExportedProgram, metadata: Mapping[str, str]) -> bytes:
    """Return the file of a program, for the same version of torch; no rows and no paths are in it."""
    file = BytesIO()
    args, kwargs = program.example_inputs
    program.example_inputs = (tuple(map(torch.zeros_like, args)), kwargs)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
    torch.export.save(program, file, extra_files=dict(metadata))
    return file.getvalue()


def open_pt2(path: Path) -> ExportedProgram:
    """Return the program in a file that `to_pt2` wrote.

    Raises:
        UserError: It can't be read, or holds something else than tensors and JSON, which could run code.
    """
    with foreign_file(path):
        _refuse_pickles(regular_file(path))
        return torch.export.load(path)


class ProgramRuntime:
    """Computes a program by torch.

    Args:
        path: Its file.
    """

    def __init__(self, path: Path) -> None:
        self._module = open_pt2(path).module()

    @torch.no_grad()
    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return what the program gives."""
        return [*self._module(*inputs)]


def _refuse_pickles(path: Path) -> None:
    """Refuse what torch would unpickle, or would after it failed to read it as plain tensors."""
    with ZipFile(path) as archive:
        for entry in archive.namelist():
            name = f"/{entry.partition('/')[2]}"
            if name.endswith("_config.json"):
                is_plain = not _has_pickles(json.loads(archive.read(entry)))
            elif name == _EXAMPLE:
                is_plain = _is_of_tensors(archive.read(entry))
            else:
                is_plain = name.endswith(_PLAIN) or name.startswith((*_TENSORS, "/extra/"))
            if not is_plain:
                raise UserError(f"it is refused: {entry} in it can hold code to run; nothing of it was run")


def _has_pickles(config: Any) -> bool:
    return any(one["use_pickle"] is not False for one in config["config"].values())


def _is_of_tensors(content: bytes) -> bool:
    try:
        torch.load(BytesIO(content), weights_only=True)
    except Exception:
        return False
    return True

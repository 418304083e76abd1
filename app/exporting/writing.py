"""Graphs that were verified to answer as the model does, in a file or a folder; or nothing."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from nested_lightning.app.checkpoints.new_files import new_at, refuse_existing
from nested_lightning.app.checkpoints.recipe import installed_versions
from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.manifest import MANIFEST_NAME, METADATA_KEY, Graph, Manifest
from nested_lightning.app.exporting.capturing import capture
from nested_lightning.app.exporting.exportable import Exportable, ExportError, graph_of
from nested_lightning.app.exporting.onnx_file import OnnxRuntime, to_bytes, to_onnx
from nested_lightning.app.exporting.program_file import ProgramRuntime, to_pt2
from nested_lightning.app.exporting.verification import Difference, compare

Format: TypeAlias = Literal["onnx", "torch-export"]

_ENDINGS: Mapping[Format, str] = {"onnx": ".onnx", "torch-export": ".pt2"}
_OPEN: Mapping[Format, str] = {
    "onnx": "import sys, onnxruntime\nfor file in sys.argv[1:]: onnxruntime.InferenceSession(file)",
    "torch-export": "import pathlib, sys\nfrom nested_lightning.app.exporting.program_file import open_pt2\n"
    "for file in sys.argv[1:]: open_pt2(pathlib.Path(file))",
}


class DiffersError(ExportError):
    """What was exported answers differently from the model, by this difference at most."""

    def __init__(self, name: str, difference: Difference, *, tolerance: float) -> None:
        super().__init__(
            f"{name}: the exported graph differs from the model by more than {tolerance:g}: {difference}"
        )
        self.difference = difference


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A graph that answers as the model does; ``content`` is what its file holds, given the metadata."""

    graph: Graph
    difference: Difference
    content: Callable[[Mapping[str, str]], bytes]
    opset: int = 0
    ir_version: int = 0


def refuse_name(target: Path, format_: Format, *, num_graphs: int) -> None:
    """Refuse a name by which another command would take what is written for something else.

    Raises:
        UserError: Something is there; or one graph is to be written, and its file hasn't the format's
            ending; or several, and the folder has another one's.
    """
    refuse_existing(target)
    ending = _ENDINGS[format_]
    if num_graphs == 1 and target.suffix.lower() != ending:
        raise UserError(f"{target.name}: one graph is a file whose name ends in {ending}")
    if target.suffix.lower() in (".safetensors", *_ENDINGS.values()) and target.suffix.lower() != ending:
        raise UserError(
            f"{target.name}: {num_graphs} graphs are a folder, whose name ends in {ending} or in nothing"
        )


def verify(exportable: Exportable, format_: Format, *, tolerance: float) -> Exported:
    """Return a graph that was run in its own runtime on all cases, and compared with the model.

    Raises:
        ExportError: It can't be exported.
        DiffersError: It answers differently.
    """
    program, versions = capture(exportable), dict[str, int]()
    content: Callable[[Mapping[str, str]], bytes] = partial(to_pt2, program)
    runtime: Any = ProgramRuntime
    if format_ == "onnx":
        proto = to_onnx(program, exportable)
        content, runtime = partial(to_bytes, proto), OnnxRuntime
        versions = {"opset": proto.opset_import[0].version, "ir_version": proto.ir_version}
    difference = compare(exportable, partial(runtime, content({})))
    if not difference.size <= tolerance:
        raise DiffersError(exportable.name, difference, tolerance=tolerance)
    return Exported(graph=graph_of(exportable), difference=difference, content=content, **versions)


def write(made: Sequence[Exported], target: Path, format_: Format, facts: Mapping[str, Any]) -> Manifest:
    """Write one graph as a file, several as a folder, and open them in a fresh process; or write nothing.

    The facts are those of the manifest: family, data spec, recipe and the like.

    Raises:
        ExportError: A fresh process can't open them.
        UserError: The disk is full.
    """
    is_one = len(made) == 1
    files = ["" if is_one else f"{quote(one.graph.name, safe='')}{_ENDINGS[format_]}" for one in made]
    manifest = Manifest(
        graphs=tuple(replace(one.graph, file=file) for one, file in zip(made, files, strict=True)),
        opset=made[0].opset,
        ir_version=made[0].ir_version,
        versions=_versions(format_),
        **facts,
    )
    with new_at(target) as new:
        if not is_one:
            new.mkdir()
            (new / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
        written = [new / file for file in files]
        for one, place in zip(made, written, strict=True):
            place.write_bytes(one.content({METADATA_KEY: manifest.to_json()}))
        _open_afresh(written, format_)
    return manifest


def _open_afresh(files: Sequence[Path], format_: Format) -> None:
    places = f"import sys; sys.path += {sys.path!r}\n"  # at the end: a json.py there doesn't hide Python's
    command = [sys.executable, "-P", "-c", places + _OPEN[format_], *map(str, files)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or [f"it ended with {ended.returncode}"])[-1]
        raise ExportError(f"a fresh process can't open what was exported: {reason}")


def _versions(format_: Format) -> dict[str, str]:
    packages = ("onnx", "onnxruntime", "onnxscript") if format_ == "onnx" else ()
    return installed_versions() | {package: version(package) for package in packages}

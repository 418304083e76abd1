"""Exported models run by onnxruntime, which is all that is needed to compute with them.

Nothing of a file is executed but the operators of its graphs: onnxruntime is given no library with others.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.exported.manifest import MANIFEST_NAME, METADATA_KEY, Graph, Manifest, read_manifest
from nested_lightning.app.extras import require_runtime
from nested_lightning.app.foreign_files import file_or_folder, foreign_file, sha256_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Array = npt.NDArray[Any]

SUFFIX = ".onnx"
_FOLDER_OF_WEIGHTS = "session.model_external_initializers_file_folder_path"
_DTYPES = {
    **{f"tensor({name})": name for name in ("float16", "int8", "int16", "int32", "int64", "uint8", "bool")},
    "tensor(float)": "float32",
    "tensor(double)": "float64",
}


def is_exported(path: Path) -> bool:
    """Return whether a path is that of an exported model: an ONNX file, or a folder with a manifest."""
    return path.suffix.lower() == SUFFIX or (path / MANIFEST_NAME).is_file()


@dataclass(frozen=True)
class Session:
    """One graph, ready to run."""

    graph: Graph
    session: InferenceSession

    def __call__(self, *inputs: Array) -> list[Array]:
        """Return the outputs in order; inputs, in order too, are made what the graph takes."""
        fed = {
            port.name: np.ascontiguousarray(each, dtype=port.dtype)
            for port, each in zip(self.graph.inputs, inputs, strict=True)
        }
        found: list[Array] = self.session.run(None, fed)
        for values in found:
            refuse_infinite(values)
        return found


@dataclass(frozen=True, kw_only=True)
class ExportedModel:
    """An exported model.

    Attributes:
        path: Its file or folder.
        manifest: What it is.
        graphs: All graphs by their names.
    """

    path: Path
    manifest: Manifest
    graphs: Mapping[str, Session]

    def data_spec(self, kind: Any) -> Any:
        """Return the data spec, made by the ``from_dict`` of its class.

        Raises:
            UserError: It is damaged.
        """
        with errors_naming(self.path):
            return kind.from_dict(self.manifest.data_spec)

    @property
    def digest(self) -> str:
        """``sha256:`` and the checksum of the file, or of those of all graphs."""
        if not self.path.is_dir():
            return f"sha256:{sha256_of(self.path)}"
        names = sorted([MANIFEST_NAME, *(graph.file for graph in self.manifest.graphs)])
        sums = "".join(f"{sha256_of(self.path / name)}  {name}\n" for name in names)
        return f"sha256:{hashlib.sha256(sums.encode()).hexdigest()}"


def open_exported(path: Path, *, num_threads: int | None = None) -> ExportedModel:
    """Open an exported model.

    Args:
        path: An ONNX file, or a folder of such with a manifest.
        num_threads: Threads that compute one operation; None: as many as there are available cores, or as
            ``OMP_NUM_THREADS`` says.

    Raises:
        UserError: It isn't there, is damaged, needs a newer release, or onnxruntime isn't installed or can't
            run it; or it is of a submodule alone.
    """
    require_runtime()
    num_threads = num_threads or count_threads()
    if file_or_folder(path).is_dir():
        with foreign_file(file := path / MANIFEST_NAME):
            manifest = _manifest_in(file.read_text(encoding="utf-8"), file)
        sessions = [_open(path / graph.file, num_threads, manifest) for graph in manifest.graphs]
    else:
        session = _open(path, num_threads)
        manifest = _manifest_in(session.get_modelmeta().custom_metadata_map.get(METADATA_KEY), path)
        if any(graph.file for graph in manifest.graphs):
            raise UserError(f"{path}: is one graph of several; name the folder with their {MANIFEST_NAME}")
        sessions = [session] * len(manifest.graphs)
    graphs = {
        graph.name: Session(graph, _checked(session, graph, path / graph.file))
        for graph, session in zip(manifest.graphs, sessions, strict=True)
    }
    return ExportedModel(path=path, manifest=manifest, graphs=graphs)


def count_threads() -> int:
    """Return how many threads compute by default: those of ``OMP_NUM_THREADS``, else one for each core."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def refuse_infinite(values: Array) -> None:
    """Refuse answers that aren't finite numbers; minus infinity is the logarithm of 0."""
    if values.dtype.kind == "f" and not (values < np.inf).all():
        raise UserError(
            "the model answers with numbers that aren't finite: what it is given is too large, or its weights"
            " are of no use"
        )


def _manifest_in(text: str | None, source: Path) -> Manifest:
    """Return the manifest of a whole model."""
    if text is None:
        raise UserError(f"{source}: has no manifest, so it wasn't exported by Nested Lightning")
    manifest = read_manifest(text, source=source)
    if manifest.submodule is not None:
        raise UserError(
            f"{source}: holds the submodule {manifest.submodule} alone, which answers nothing by itself;"
            " export the checkpoint without --submodule"
        )
    return manifest


def session_of(content: bytes, *, num_threads: int) -> InferenceSession:
    """Return what computes the graph in a file's content."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads  # a number of its own also keeps it from pinning threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong is raised as well
    options.add_session_config_entry(_FOLDER_OF_WEIGHTS, "/nowhere")  # a graph that reads other files fails
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _open(file: Path, num_threads: int, manifest: Manifest | None = None) -> InferenceSession:
    import onnxruntime

    needs = f"; it needs opset {manifest.opset} and IR version {manifest.ir_version}" if manifest else ""
    with foreign_file(file):
        content = file.read_bytes()
    try:
        return session_of(content, num_threads=num_threads)
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            f"{file}: onnxruntime {onnxruntime.__version__} can't run it{needs} ({reason}); install a newer"
            " onnxruntime, or export the checkpoint again"
        ) from None


def _checked(session: InferenceSession, graph: Graph, file: Path) -> InferenceSession:
    """Return a session whose inputs and outputs are those of the manifest, in their order."""
    for what, ports, there in (
        ("inputs", graph.inputs, session.get_inputs()),
        ("outputs", graph.outputs, session.get_outputs()),
    ):
        wanted = [(port.name, port.dtype) for port in ports]
        found = [(one.name, _DTYPES.get(one.type, one.type)) for one in there]
        if wanted != found:
            raise UserError(
                f"{file}: its {what} aren't those of its manifest: {_told(found)} instead of {_told(wanted)};"
                " export the checkpoint again"
            )
    return session


def _told(ports: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({dtype})" for name, dtype in ports)

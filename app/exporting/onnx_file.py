"""From a program to ONNX, and back: what a graph takes and gives, and what it computes."""

import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from traceback import walk_tb
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram
from torch.fx import Node

from nested_lightning.app.exported.runtime import session_of
from nested_lightning.app.exporting.capturing import place_of, quiet
from nested_lightning.app.exporting.exportable import Exportable, ExportError
from nested_lightning.app.exporting.onnx_operators import translations

_MAX_BYTES = 2**31 - 1


def to_onnx(program: ExportedProgram, exportable: Exportable) -> Any:
    """Return a program as an ``onnx.ModelProto`` whose inputs and outputs are named.

    Raises:
        ExportError: There is an operator that ONNX hasn't, or names were lost.
    """
    inputs, outputs = exportable.spelling
    try:
        with quiet(), warnings.catch_warnings(action="ignore"):
            written = torch.onnx.export(
                program,
                dynamo=True,
                external_data=False,
                verbose=False,
                input_names=inputs,
                output_names=outputs,
                custom_translation_table=translations(),
            )
    except Exception as error:
        raise ExportError(
            f"{exportable.name}: it can't be written as ONNX: {_reason(error, exportable)}"
        ) from error
    assert written is not None
    # lines of sources, with the paths of this machine
    import_module("onnx_ir.passes.common").ClearMetadataAndDocStringPass()(written.model)
    proto = written.model_proto
    graph = proto.graph
    names = [[one.name for one in ports] for ports in (graph.input, graph.output)]
    if names != [inputs, outputs]:
        raise ExportError(f"{exportable.name}: the exporter changed names of inputs and outputs: {names}")
    return proto


def to_bytes(proto: Any, metadata: Mapping[str, str]) -> bytes:
    """Return the file of a graph.

    Raises:
        ExportError: It would be larger than a file of ONNX can be.
    """
    from onnx import helper

    helper.set_model_props(proto, dict(metadata))
    if proto.ByteSize() > _MAX_BYTES:
        raise ExportError("it has more than 2 GiB, which one file of ONNX can't hold; export submodules")
    content: bytes = proto.SerializeToString()
    return content


class OnnxRuntime:
    """Computes the graph in a file's content by onnxruntime, on one thread."""

    def __init__(self, content: bytes) -> None:
        self._session = session_of(content, num_threads=1)

    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return what the graph gives."""
        named = {port.name: one.numpy() for port, one in zip(self._session.get_inputs(), inputs, strict=True)}
        return [torch.from_numpy(one) for one in self._session.run(None, named)]


def _reason(error: Exception, exportable: Exportable) -> str:
    """Return the operator that stood in the way, its submodule, and why."""
    chain: list[BaseException] = [error]
    while cause := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(cause)
    said = next(filter(None, (" ".join(str(one).split()) for one in reversed(chain))), type(error).__name__)
    frames = (frame for one in chain for frame, _ in walk_tb(one.__traceback__))
    node = next((one for frame in frames if isinstance(one := frame.f_locals.get("node"), Node)), None)
    if node is None:
        return said[:300]
    return f"{node.target}: {said[:300]} ({place_of(node, exportable)})"

"""Graphs made smaller at the cost of exactness, and what that costs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from nested_lightning.app.checkpoints.checkpoint_io import room_for_temporary_files
from nested_lightning.app.exported.manifest import MANIFEST_NAME, METADATA_KEY, Manifest
from nested_lightning.app.exporting.capturing import quiet
from nested_lightning.app.exporting.onnx_file import to_bytes

Lossy: TypeAlias = Literal["int8", "half"]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What an exported model is worth: size, and for a part of the data its time on one thread and scores."""

    num_bytes: int
    seconds: float
    scores: Mapping[str, float]


def shrink(source: Path, target: Path, how: Lossy, manifest: Manifest) -> None:
    """Write an exported model with weights in 8 bits, by dynamic quantisation, or with 16-bit floats.

    What goes in and comes out keeps its types. It is a file or a folder, as the source is.
    """
    noted = replace(manifest, notes=(*manifest.notes, _NOTES[how]))
    if source.is_dir():
        target.mkdir()
        (target / MANIFEST_NAME).write_text(noted.to_json(), encoding="utf-8")
    for graph in manifest.graphs:
        _shrink_graph(source / graph.file, target / graph.file, how, noted)


_QUANTIZED = ["MatMul", "Gemm", "Gather", "LSTM", "Attention", "EmbedLayerNormalization"]
"""Operators with weights that are as quick in 8 bits; convolutions are several times slower."""

_NOTES: Mapping[Lossy, str] = {
    "int8": "weights are in 8 bits, by dynamic quantisation",
    "half": "weights and what is computed of them are 16-bit floats",
}


def _shrink_graph(source: Path, target: Path, how: Lossy, manifest: Manifest) -> None:
    import onnx

    with quiet():
        if how == "int8":
            from onnxruntime.quantization import QuantType, quantize_dynamic

            with room_for_temporary_files() as folder:  # it uses some itself
                made = folder / "quantized.onnx"
                quantize_dynamic(source, made, weight_type=QuantType.QInt8, op_types_to_quantize=_QUANTIZED)
                proto = onnx.load(made)
        else:
            from onnxruntime.transformers.float16 import convert_float_to_float16

            proto = convert_float_to_float16(onnx.load(source), keep_io_types=True)
    target.write_bytes(to_bytes(proto, {METADATA_KEY: manifest.to_json()}))

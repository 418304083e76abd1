"""Which captioning models have graphs of a step."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.exporting.exportable import ExportError
from nested_lightning.app.exporting.exporter import Exporter
from nested_lightning.app.image_to_text.batch import CaptionBatch
from nested_lightning.app.image_to_text.export import exports_of
from tests.app.image_to_text.tiny import tiny_model, tiny_pictures


class GrowingDecoder(nn.Module):
    """Keeps what it has read in ever more tensors, once there are so many tokens."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first
        self.embedding = nn.Embedding(6, 6)

    def start(self, context: Tensor) -> tuple[Tensor, ...]:
        return (context.new_zeros(len(context), 1),)

    def forward(self, tokens: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        read = self.embedding(tokens)
        is_late = bool((state[0][0] >= self.first).item())
        return read, (state[0] + 1, *state[1:], *([read[:, -1]] if is_late else []))


@pytest.mark.parametrize("first", [0, 2], ids=["from the first token", "from the third token"])
def test_a_decoder_whose_state_gains_tensors_is_refused_in_a_line(tmp_path: Path, first: int) -> None:
    model: Any = tiny_model(GrowingDecoder(first)).eval()
    batch = CaptionBatch(tiny_pictures(3), torch.zeros(3, 1, 6).long(), (("a",),) * 3)
    spec: Any = None  # the model knows it
    exports = exports_of(model=model, data_spec=spec, batches=[batch])
    exporter = Exporter(
        model=model,
        path="image_to_text",
        wholes=exports.graphs,
        fault=exports.fault,
        facts={"family": "image-to-text", "data_spec": {}},
        tolerance=1e-4,
    )

    with pytest.raises(ExportError, match=r"^image_to_text\.text_decoder: its state has ever more tensors.*"):
        exporter(tmp_path / "captions", "onnx")

    assert not [*tmp_path.iterdir()]

from pathlib import Path

import pytest
import torch
from torch import nn

from nested_lightning.app.exporting import writing
from nested_lightning.app.exporting.exportable import ExportError
from tests.app.exporting.proving import exportable_of, proven

FACTS = {"family": "mine", "data_spec": {}}


@pytest.mark.parametrize("num_graphs", [1, 2])
def test_what_a_fresh_process_can_not_open_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_graphs: int
) -> None:
    rows = {f"{n} rows": (torch.ones(n, 3),) for n in (3, 2)}
    made = [proven(exportable_of(nn.Linear(3, 2), rows, name=f"g{i}")) for i in range(num_graphs)]
    monkeypatch.setitem(writing._OPEN, "onnx", "raise SystemExit('no such opset')")

    with pytest.raises(ExportError, match="a fresh process can't open what was exported: no such opset"):
        writing.write(made, tmp_path / "m.onnx", "onnx", FACTS)
    assert not [*tmp_path.iterdir()]

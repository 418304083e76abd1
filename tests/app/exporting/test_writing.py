from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting import writing
from nested_lightning.app.exporting.exportable import ExportError
from nested_lightning.app.exporting.writing import Exported
from tests.app.exporting.proving import exportable_of, proven

FACTS = {"family": "mine", "data_spec": {}}


ROWS = {f"{n} rows": (torch.ones(n, 3),) for n in (3, 2)}


@pytest.fixture(scope="module")
def made() -> Exported:
    return proven(exportable_of(nn.Linear(3, 2), ROWS))


@pytest.mark.parametrize("names", [["g0"], ["g0", "g1"]])
def test_what_a_fresh_process_can_not_open_is_not_written(
    made: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    named = [replace(made, graph=replace(made.graph, name=name)) for name in names]
    monkeypatch.setitem(writing._OPEN, "onnx", "raise SystemExit('no such opset')")

    with pytest.raises(ExportError, match="a fresh process can't open what was exported: no such opset"):
        writing.write(named, tmp_path / "m.onnx", "onnx", FACTS)
    assert not [*tmp_path.iterdir()]


def test_a_fresh_process_is_not_misled_by_files_with_names_of_pythons_own(
    made: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "enum"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not the one of Python')")
    monkeypatch.syspath_prepend(tmp_path)

    writing.write([made], tmp_path / "m.onnx", "onnx", FACTS)
    assert (tmp_path / "m.onnx").is_file()


@pytest.mark.parametrize(
    ("name", "num_graphs", "reason"),
    [
        ("model", 1, r"^model: one graph is a file whose name ends in \.onnx$"),
        ("m.pt2", 1, r"^m\.pt2: one graph is a file"),
        ("m.safetensors", 2, r"2 graphs are a folder, whose name ends in \.onnx or in nothing"),
    ],
)
def test_a_name_by_which_it_would_not_be_known_again_is_refused(
    name: str, num_graphs: int, reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        writing.refuse_name(Path("elsewhere", name), "onnx", num_graphs=num_graphs)

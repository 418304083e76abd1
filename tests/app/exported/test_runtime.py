"""Exported models are opened, checked and run without torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.manifest import Graph, Port
from nested_lightning.app.exported.runtime import count_threads, is_exported, open_exported
from nested_lightning.app.multi_feature.exported import ExportedMultiFeature
from tests.app.exported.tiny import expected, write_tiny
from tests.app.exported.without_packages import script_without

PORT = Port(name="x", dtype="float32", dims=(None,))

ROWS = [[1.0, 2.0, 0.5], [0.0, -1.0, 2.0], [3.0, 0.0, 1.0]]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "m.onnx")


def write_csv(path: Path) -> Path:
    lines = [f"{x},{h},{w}\n" for w, h, x in ROWS]
    path.write_text("x,h,w\n" + "".join(lines))
    return path


def test_columns_in_another_order_are_answered_by_name(model: Path, tmp_path: Path) -> None:
    found = ExportedMultiFeature(model=open_exported(model)).predict_file(write_csv(tmp_path / "new.csv"))

    np.testing.assert_allclose(found.probabilities, expected(ROWS), atol=1e-6)
    assert found.classes == ["no" if row[0] > row[1] else "yes" for row in expected(ROWS)]


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_answers_are_the_same_in_batches_of_any_size(model: Path, tmp_path: Path, batch_size: int) -> None:
    predictor = ExportedMultiFeature(model=open_exported(model), batch_size=batch_size)

    found = predictor.predict_file(write_csv(tmp_path / "new.csv"))

    np.testing.assert_allclose(found.probabilities, expected(ROWS), atol=1e-6)


def test_a_moved_file_is_complete(model: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = model.rename(tmp_path / "elsewhere" / "other.onnx")

    assert ExportedMultiFeature(model=open_exported(moved)).predict({"w": [1], "h": [2], "x": [3]})


def test_one_graph_of_several_is_told_to_be_that(tmp_path: Path) -> None:
    graph = Graph(name="model", file="m.onnx", inputs=(PORT,), outputs=(PORT,))
    with pytest.raises(UserError, match=r"m\.onnx: is one graph of several; name the folder"):
        open_exported(write_tiny(tmp_path / "m.onnx", graphs=(graph,)))


def test_a_damaged_data_spec_is_told_with_the_file(tmp_path: Path) -> None:
    model = open_exported(write_tiny(tmp_path / "m.onnx", data_spec={"groups": 1}))
    with pytest.raises(UserError, match=rf"^{tmp_path}/m\.onnx: .*no data spec"):
        ExportedMultiFeature(model=model)


def test_inputs_that_are_not_those_of_the_manifest_are_refused(tmp_path: Path) -> None:
    swapped = write_tiny(tmp_path / "m.onnx", inputs=("other", "g1"))

    with pytest.raises(UserError, match=r"its inputs aren't those of its manifest: other \(float64\), g1"):
        open_exported(swapped)


def test_what_the_runtime_is_too_old_for_is_refused_in_words(model: Path) -> None:
    proto = onnx.load(model)
    proto.ir_version = 99
    onnx.save(proto, model)

    with pytest.raises(UserError, match=r"onnxruntime [\d.]+ can't run it .*install a newer onnxruntime"):
        open_exported(model)


@pytest.mark.parametrize("content", [b"", b"no model at all"])
def test_what_is_no_model_is_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(content)

    with pytest.raises(UserError, match=r"m\.onnx: ") as refused:
        open_exported(file)
    assert "\n" not in str(refused.value)


def test_a_graph_that_takes_weights_from_another_file_is_refused(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proto = onnx.load(model)
    onnx.save(proto, model, save_as_external_data=True, location="secret.bin", size_threshold=0)
    monkeypatch.chdir(tmp_path)
    assert (tmp_path / "secret.bin").stat().st_size > 0

    with pytest.raises(UserError, match=r"m\.onnx: onnxruntime .* can't run it"):
        open_exported(model)


def test_another_model_than_ours_is_refused(model: Path) -> None:
    proto = onnx.load(model)
    del proto.metadata_props[:]
    onnx.save(proto, model)

    with pytest.raises(UserError, match="has no manifest, so it wasn't exported by Nested Lightning"):
        open_exported(model)


def test_a_submodule_alone_answers_nothing(tmp_path: Path) -> None:
    part = write_tiny(tmp_path / "m.onnx", submodule="multi_feature.head")

    with pytest.raises(UserError, match=r"holds the submodule multi_feature\.head alone"):
        open_exported(part)


def test_an_objective_of_ones_own_is_refused(tmp_path: Path) -> None:
    model = open_exported(write_tiny(tmp_path / "m.onnx", predictor={}))

    with pytest.raises(UserError, match="one of your own, whose answers only a checkpoint can tell"):
        ExportedMultiFeature(model=model)


def test_numbers_that_are_not_finite_are_no_answer(tmp_path: Path) -> None:
    predictor = ExportedMultiFeature(model=open_exported(write_tiny(tmp_path / "m.onnx", factor=np.nan)))

    with pytest.raises(UserError, match="numbers that aren't finite"):
        predictor.predict({"w": [1], "h": [2], "x": [3]})


def test_it_computes_with_the_threads_that_are_set(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")

    assert count_threads() == 3
    assert (
        open_exported(model, num_threads=1).graphs["model"].session.get_session_options().intra_op_num_threads
        == 1
    )


def test_a_folder_without_a_manifest_is_no_exported_model(tmp_path: Path) -> None:
    assert not is_exported(tmp_path)
    assert is_exported(tmp_path / "x.ONNX")


WITHOUT_TORCH = script_without("torch", "pytorch_lightning", "torchmetrics", "dependency_injector")


def test_a_prediction_imports_no_torch(model: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_TORCH, "predict", str(model), str(write_csv(tmp_path / "n.csv"))]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("prediction,probability_no,probability_yes\n")

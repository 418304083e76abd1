import json

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.manifest import FORMAT_VERSION, Graph, Loop, Manifest, Port, read_manifest


def a_manifest() -> Manifest:
    port = Port(name="gr_f6_ss", dtype="float32", dims=(None, 3), of="größe")
    return Manifest(
        family="multi-feature",
        graphs=(Graph(name="model", file="", inputs=(port,), outputs=(port,)),),
        data_spec={"groups": [], "weight": None},
        loop=Loop(first="encoder", step="step", begin=1, end=2, pad=0, max_length=3),
        opset=20,
        ir_version=10,
    )


def test_what_was_written_is_read_again() -> None:
    assert read_manifest(a_manifest().to_json(), source="m.onnx") == a_manifest()


def test_a_newer_version_is_refused_in_words() -> None:
    newer = json.loads(a_manifest().to_json()) | {"format_version": FORMAT_VERSION + 1}
    with pytest.raises(UserError, match=r"^m\.onnx: its manifest has format version 2.*a newer release"):
        read_manifest(json.dumps(newer), source="m.onnx")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": "1"}'])
def test_what_is_damaged_is_refused_in_words(text: str) -> None:
    with pytest.raises(UserError, match=r"^m\.onnx: its manifest is damaged"):
        read_manifest(text, source="m.onnx")


def test_a_graph_in_another_folder_is_refused() -> None:
    text = a_manifest().to_json().replace('"file":""', '"file":"../secret"')
    with pytest.raises(UserError, match=r"damaged at graphs\.0\.file"):
        read_manifest(text, source="m.onnx")

"""Parts of other libraries say in ONNX what they say in torch, wherever they stand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nested_lightning as nl
from nested_lightning.containers.starting.exporting import export_graphs
from tests.app.image_to_text.captioned_folder import write_folder
from tests.app.multi_feature.test_pictures import write_class_folders
from tests.app.submodules.pretrained.part_folders import (
    write_convolutions,
    write_text_encoder,
    write_vision_transformer,
)
from tests.containers.test_sorts_of_groups import columns_of
from tests.tiny_variants import variant_settings

_bootstrap: Any = nl.bootstrap
SIZE = 32
STATISTICS = {"mean": [0.5, 0.4, 0.3], "interpolation": "bilinear"}
RESNET = {"architecture": "resnet18", "size": SIZE, "resized": SIZE, "scale": [0.5] * 3, **STATISTICS}


def of_timm(architecture: str, **options: Any) -> dict[str, Any]:
    prepared = {"input_size": [3, SIZE, SIZE], "crop_pct": 1.0, "std": [0.5] * 3, **STATISTICS}
    config = {"architecture": architecture, "model_args": options, "pretrained_cfg": prepared}
    return {"kind": "timm", "config": config}


PICTURE_PARTS: dict[str, tuple[str, Callable[[Path], dict[str, Any]]]] = {
    "timm, convolutions": ("timm", lambda _: of_timm("resnet10t")),
    "timm, patches": ("timm", lambda _: of_timm("vit_tiny_patch16_224", img_size=SIZE, depth=2)),
    "torchvision": ("torchvision", lambda _: {"kind": "torchvision", "config": RESNET}),
    "transformers, convolutions": (
        "transformers",
        lambda folder: {"kind": "transformers", "weights": str(write_convolutions(folder))},
    ),
    "transformers, patches": (
        "transformers",
        lambda folder: {"kind": "transformers", "weights": str(write_vision_transformer(folder))},
    ),
}


def _proven(application: Any, target: Path) -> None:
    report = export_graphs(application, target)

    assert max(one.size for one in report.differences.values()) <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURE_PARTS)
@pytest.mark.parametrize("family", ["image-to-text", "multi-feature"])
def test_a_part_that_sees_is_exported(name: str, family: str, tmp_path: Path) -> None:
    library, part = PICTURE_PARTS[name][0], PICTURE_PARTS[name][1](tmp_path / "part")
    pytest.importorskip(library, reason="its extra is not installed", exc_type=ImportError)
    settings: dict[str, Any] = {"model": family}
    if family == "image-to-text":
        settings["image_to_text.data.path"] = str(write_folder(tmp_path / "data"))
        settings["image_to_text.image_encoder"] = part
    else:
        settings["multi_feature.data.path"] = str(write_class_folders(tmp_path / "data"))
        settings["multi_feature.picture_extractor"] = part | {"kind": f"{part['kind']}_image"}

    _proven(_bootstrap(settings), tmp_path / "m.onnx")


@pytest.mark.slow
def test_a_part_that_reads_texts_of_tables_is_exported(tmp_path: Path) -> None:
    extractor = {"kind": "transformers_text", "weights": str(write_text_encoder(tmp_path / "part"))}
    settings = {
        "model": "multi-feature",
        "multi_feature.data.label": "level",
        "multi_feature.data.split.kind": "column",
        "multi_feature.text_extractor": extractor,
    }

    _proven(_bootstrap(settings, data=columns_of()), tmp_path / "m.onnx")


@pytest.mark.slow
def test_a_part_that_reads_tokens_of_variants_is_exported(tmp_path: Path) -> None:
    part = {"kind": "transformers", "weights": str(write_text_encoder(tmp_path / "part")), "out_features": 6}

    settings = variant_settings(tmp_path / "data", tmp_path / "run", token_adapter=part)
    _proven(_bootstrap(settings), tmp_path / "m.onnx")

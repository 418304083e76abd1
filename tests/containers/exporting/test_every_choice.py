"""Each registered choice of a submodule, and each preset, says in ONNX what it says in torch."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.exported_choices import SORTS, choices, combined_choices, sorted_choices
from nested_lightning import bootstrap, find_family
from nested_lightning.app.exporting.exportable import Exportable
from nested_lightning.app.exporting.writing import verify
from nested_lightning.app.submodules.sequence_adapters import PictureProjection
from nested_lightning.containers.starting.exporting import make_exporter
from tests.app.exporting.proving import exportable_of, proven
from tests.app.multi_feature.test_pictures import write_class_folders
from tests.containers.tables.everything import features_of, settings_for, table_for
from tests.frozen.set_ups import FAMILIES, SetUp
from tests.quick_first import quick_first

LARGE = {
    "multi-feature": ("seed",),
    "image-to-text": ("original",),
    "vae-gan": ("conv", "even-odd"),
}
"""Presets that small settings don't fit."""
COLUMNS = {"text_extractor": "note", "sequence_extractor": "load"}
"""Of a table, for extractors that small data haven't got groups for."""

_proven: set[str] = set()


def _verify_new_graphs(application: Any) -> None:
    """Prove the graphs of a model, but for those that compute what one did that is proven by now."""
    for graph in make_exporter(application).wholes:
        what = [(path, type(one), _plain(one)) for path, one in _computing(graph)]
        if (built := str([*what, *map(_size, graph.example)])) not in _proven:
            assert verify(graph, "onnx", tolerance=1e-4).difference.size <= 1e-4
            _proven.add(built)


def _computing(graph: Exportable) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules that a graph calls, and those that they are in, with their paths."""
    called: list[nn.Module] = []
    with ExitStack() as hooks, torch.no_grad():
        for module in graph.module.modules():
            hooks.enter_context(module.register_forward_hook(lambda one, *_: called.append(one)))
        graph.call(graph.module, *graph.example)
    for path, module in graph.module.named_modules():
        if not path or any(one in called for one in module.modules()):
            yield path, module


def _plain(module: Any) -> dict[str, Any]:
    sizes = {name: _size(one) for name, one in module.named_parameters(recurse=False)}
    numbers = {name: min(one, 2) for name, one in vars(module).items() if isinstance(one, int)}
    return sizes | numbers | {name: one for name, one in vars(module).items() if isinstance(one, str)}


def _size(tensor: Tensor) -> list[int]:
    """Return how many there are, of which exporters distinguish none, one and more."""
    return [min(size, 2) for size in tensor.shape]


def _combined(family: str) -> list[list[str]]:
    """Return choices made together, but for a GRU's: it takes what a bridge gives as the LSTM does."""
    return [each for each in combined_choices(family) if "image_to_text.text_decoder.kind=gru" not in each]


@pytest.mark.parametrize(
    ("family", "assignments"),
    quick_first(
        [(name, each) for name in FAMILIES for each in (*choices(name), *_combined(name))],
        num_quick=0,
    ),
)
def test_every_choice_is_the_same_in_onnx(
    family: str, assignments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up = SetUp(family=family, assignments=assignments)
    monkeypatch.chdir(set_up.folder)

    _verify_new_graphs(set_up.application())


@pytest.mark.parametrize(
    ("family", "preset"),
    quick_first(
        [(family, preset) for family in FAMILIES for preset in find_family(family).presets], num_quick=0
    ),
)
def test_every_preset_is_the_same_in_onnx(family: str, preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up = SetUp(family=family, preset=preset, is_small=preset not in LARGE.get(family, ()))
    monkeypatch.chdir(set_up.folder)

    _verify_new_graphs(set_up.application())


@pytest.mark.parametrize(
    ("slot", "kind"),
    quick_first(
        [(sort, kind) for sort in SORTS for kind in sorted_choices(sort)],
        num_quick=0,
    ),
)
def test_every_extractor_of_other_sorts_is_the_same_in_onnx(slot: str, kind: str, tmp_path: Path) -> None:
    data: Any = None
    settings: dict[str, Any] = {"model": "multi-feature"}
    if slot == "picture_extractor":
        settings["multi_feature.data.path"] = str(write_class_folders(tmp_path / "shapes"))
    else:
        features = features_of()
        data = table_for("classes", {name: features[name] for name in ("size", "split", COLUMNS[slot])})
        settings = settings_for("classes")

    _verify_new_graphs(bootstrap(settings | {f"multi_feature.{slot}.kind": kind}, data=data))


@pytest.mark.slow
def test_vectors_that_are_pictures_are_the_same_in_onnx() -> None:
    torch.manual_seed(0)
    cases = {f"{n} x {steps}": (torch.randn(n, steps, 64),) for n, steps in ((5, 4), (1, 1), (2, 7))}
    assert proven(exportable_of(PictureProjection(in_features=64), cases)).difference.size <= 1e-4

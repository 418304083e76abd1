"""Each registered choice of a submodule, and each preset, says in ONNX what it says in torch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning import bootstrap, find_family
from nested_lightning.app.exporting.writing import verify
from nested_lightning.app.submodules.sequence_adapters import PictureProjection
from nested_lightning.containers.starting.exporting import make_exporter
from nested_lightning.settings.describing.walking import NamedItems, fields_of
from nested_lightning.settings.slot import Slot
from tests.app.exporting.proving import exportable_of, proven
from tests.app.multi_feature.test_pictures import write_class_folders
from tests.containers.tables.everything import features_of, settings_for, table_for
from tests.frozen.set_ups import FAMILIES, SetUp
from tests.quick_first import quick_first

NOT_IN_GRAPHS = ("data", "source", "optimizer", "schedule", "loss", "balance", "generation", "objective")
"""What no graph holds; and objectives, which decide about the data."""
LARGE = {
    "multi-feature": ("seed",),
    "image-to-text": ("original",),
    "vae-gan": ("conv", "even-odd"),
}
"""Presets that small settings don't fit."""
SORTS = {"picture_extractor": "", "text_extractor": "note", "sequence_extractor": "load"}
"""Extractors of groups that small data haven't got, and the column of a table that has them."""
LIBRARIES = ("timm", "torchvision", "transformers")
"""Their parts need files."""
ROLES = ("initial_state", "first_input", "every_step", "attention")

WITH_OPTIONS = [
    ("multi-feature", ["multi_feature.data.allow_missing_groups=true", f"multi_feature.combiner.kind={kind}"])
    for kind in ("concatenation", "gated_sum", "attention")
]
WITH_OPTIONS += [
    ("image-to-text", [f"image_to_text.bridge.kind={role}", f"image_to_text.text_decoder.kind={kind}"])
    for role in ROLES
    for kind in ("gru", "transformer")
]
WITH_OPTIONS += [
    ("variant", [f"variant.decoder.cell={cell}", f"variant.decoder.is_bidirectional={both}"])
    for cell in ("lstm", "gru")
    for both in ("true", "false")
]
WITH_OPTIONS += [("vae-gan", ["vae_gan.vae.encoder.kind=conv", "vae_gan.vae.decoder.kind=conv"])]


def _choices() -> Iterator[tuple[str, list[str]]]:
    for family in FAMILIES:
        section = find_family(family).section
        for path, slot in _slots(section, find_family(family).settings):
            yield from ((family, [f"{path}.kind={kind}"]) for kind in slot.choices if _is_ours(kind))


def _slots(path: str, place: object) -> Iterator[tuple[str, Slot]]:
    if isinstance(place, Slot):
        yield path, place
    elif place is not None and not isinstance(place, NamedItems):
        for name, inner in fields_of(place):  # type: ignore[arg-type]
            if not name.endswith((*NOT_IN_GRAPHS, *SORTS)):
                yield from _slots(f"{path}.{name}", inner)


def _is_ours(kind: str) -> bool:
    return not kind.startswith((*LIBRARIES, "picture"))  # the small data's vectors are no pictures


_proven: set[str] = set()


def _verify_new_graphs(application: Any) -> None:
    """Prove the graphs of a model, but for those that are built as one was that is proven by now."""
    for graph in make_exporter(application).wholes:
        modules = graph.module.named_modules()
        sizes = [[tensor.shape for tensor in inputs] for inputs in graph.cases.values()]
        if (built := str([(path, type(one), _plain(one)) for path, one in modules] + sizes)) not in _proven:
            assert verify(graph, "onnx", tolerance=1e-4).difference.size <= 1e-4
            _proven.add(built)


def _plain(module: Any) -> dict[str, Any]:
    weights = {name: one.shape for name, one in module.named_parameters(recurse=False)}
    return weights | {name: one for name, one in vars(module).items() if isinstance(one, int | float | str)}


@pytest.mark.parametrize(("family", "assignments"), quick_first([*_choices(), *WITH_OPTIONS], num_quick=0))
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
        [
            (name, kind)
            for name, inner in fields_of(find_family("multi-feature").settings)
            if name in SORTS and isinstance(inner, Slot)
            for kind in inner.choices
            if _is_ours(kind)
        ],
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
        data = table_for("classes", {name: features[name] for name in ("size", "split", SORTS[slot])})
        settings = settings_for("classes")

    _verify_new_graphs(bootstrap(settings | {f"multi_feature.{slot}.kind": kind}, data=data))


@pytest.mark.slow
def test_vectors_that_are_pictures_are_the_same_in_onnx() -> None:
    torch.manual_seed(0)
    cases = {f"{n} x {steps}": (torch.randn(n, steps, 64),) for n, steps in ((5, 4), (1, 1), (2, 7))}
    assert proven(exportable_of(PictureProjection(in_features=64), cases)).difference.size <= 1e-4

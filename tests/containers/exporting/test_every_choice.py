"""Each registered choice of a submodule, and each preset, says in ONNX what it says in torch."""

from collections.abc import Iterator

import pytest
import torch

from nested_lightning import find_family
from nested_lightning.app.exporting.writing import verify
from nested_lightning.app.submodules.sequence_adapters import PictureProjection
from nested_lightning.containers.starting.exporting import make_exporter
from nested_lightning.settings.describing.walking import NamedItems, fields_of
from nested_lightning.settings.slot import Slot
from tests.app.exporting.proving import exportable_of, proven
from tests.frozen.set_ups import FAMILIES, SetUp
from tests.quick_first import quick_first

NOT_IN_GRAPHS = ("data", "source", "optimizer", "schedule", "loss", "balance", "generation", "objective")
"""What no graph holds; and objectives, which decide about the data."""
LARGE = ("seed", "conv", "even-odd")
"""Presets that small settings don't fit."""
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
            if not name.endswith(NOT_IN_GRAPHS):
                yield from _slots(f"{path}.{name}", inner)


def _is_ours(kind: str) -> bool:
    return not kind.startswith((*LIBRARIES, "picture"))  # the small data's vectors are no pictures


@pytest.mark.parametrize(("family", "assignments"), quick_first([*_choices(), *WITH_OPTIONS], num_quick=0))
def test_every_choice_is_the_same_in_onnx(
    family: str, assignments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up = SetUp(family=family, assignments=assignments)
    monkeypatch.chdir(set_up.folder)
    exporter = make_exporter(set_up.application())

    for graph in exporter.wholes:
        assert verify(graph, "onnx", tolerance=1e-4).difference.size <= 1e-4


@pytest.mark.parametrize(
    ("family", "preset"),
    quick_first(
        [
            (family, preset)
            for family in FAMILIES
            for preset in find_family(family).presets
            if (family, preset) != ("image-to-text", "original")  # its choices are among those above
        ],
        num_quick=0,
    ),
)
def test_every_preset_is_the_same_in_onnx(family: str, preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up = SetUp(family=family, preset=preset, is_small=preset not in LARGE)
    monkeypatch.chdir(set_up.folder)
    exporter = make_exporter(set_up.application())

    for graph in exporter.wholes:
        assert verify(graph, "onnx", tolerance=1e-4).difference.size <= 1e-4


@pytest.mark.slow
def test_vectors_that_are_pictures_are_the_same_in_onnx() -> None:
    torch.manual_seed(0)
    cases = {f"{n} x {steps}": (torch.randn(n, steps, 64),) for n, steps in ((5, 4), (1, 1), (2, 7))}
    assert proven(exportable_of(PictureProjection(in_features=64), cases)).difference.size <= 1e-4

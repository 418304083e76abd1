"""Each two choices that settings leave open are trained together, and what comes of it isn't degenerate."""

import math
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
import torch
from allpairspy import AllPairs
from pydantic import BaseModel

from nested_lightning import SettingsError, bootstrap, families, family_container, load_settings
from nested_lightning.settings.describing.walking import fields_of
from nested_lightning.settings.reading.merging import merge, nest
from nested_lightning.settings.slot import Slot
from tests.frozen.set_ups import TRAINED

ON_AND_OFF: Mapping[str, tuple[Any, ...]] = {
    "multi_feature.objective.label_smoothing": (0.0, 0.1),
    "multi_feature.modality_dropout": (0.0, 0.3),
    "multi_feature.min_stacked_extractors": (None, 2),
    "multi_feature.objective.class_weights": (None, "balanced"),
    "image_to_text.label_smoothing": (0.0, 0.1),
    "vae_gan.gradient_clip_norm": (None, 1.0),
    "trainer.gradient_clip_norm": (None, 1.0),
    "trainer.accumulate_grad_batches": (1, 2),
}
"""Numbers that switch something on and off."""

NOT_HERE: Mapping[str, Any] = {
    **dict.fromkeys(
        ("multi_feature.picture_extractor.kind", "multi_feature.text_extractor.kind"),
        ("timm_image", "torchvision_image", "transformers_image", "transformers_text"),
    ),
    "image_to_text.image_encoder.kind": ("timm", "torchvision", "transformers"),
    "image_to_text.text_decoder.kind": ("transformers",),
    "multi_feature.data.split.kind": ("column", "whole"),
    "variant.data.split.kind": ("column", "whole"),
    "variant.token_adapter.kind": ("transformers",),
    "variant.vector_adapter.kind": ("picture",),
    "image_to_text.data.split.kind": ("column", "whole", "variants", "unseen_bases"),
    "vae_gan.data.split.kind": ("whole",),
    "vae_gan.data.grouping.kind": ("even_odd",),
}
"""Choices that the small data don't allow, or that need files of weights."""

WIDTHS = {"variant": {"vector_adapter": {"out_features": 6}}, "vae_gan": {"classifier_steps": 2}}
"""What is kept where another kind would have its own defaults."""

RARE_ROWS, ROWS = 8, 248


def _discrete(model: type[BaseModel], path: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the settings below a path that have a few values, with these."""
    for name, place in fields_of(model):
        if isinstance(place, Slot):
            yield f"{path}.{name}.kind", tuple(place.choices)
        elif isinstance(place, type):
            yield from _discrete(place, f"{path}.{name}")
        elif values := _values(model.model_fields[name].annotation):
            yield f"{path}.{name}", values


def _values(annotation: Any) -> tuple[Any, ...]:
    if annotation is bool:
        return (False, True)
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) in (Union, UnionType):
        options = [_values(one) for one in get_args(annotation) if one is not NoneType]
        return (None, *options[0]) if len(options) == 1 and options[0] else ()
    return ()


def _choices(model: str) -> dict[str, list[Any]]:
    family = families()[model]
    found = dict(_discrete(family.settings, family.section))
    sections = (f"{family.section}.",) if model == "vae-gan" else (f"{family.section}.", "trainer.")
    found |= {path: values for path, values in ON_AND_OFF.items() if path.startswith(sections)}
    allowed = {
        path: [one for one in values if one not in NOT_HERE.get(path, ()) and _is_allowed(model, {path: one})]
        for path, values in found.items()
    }
    return {path: values for path, values in allowed.items() if len(values) > 1}


def _assigned(values: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in values.items():
        nested = merge(nested, nest(path, value))
    return nested


def _is_allowed(model: str, values: Mapping[str, Any]) -> bool:
    try:
        load_settings(model=model, config="small.yaml", assignments=[_assigned(values)])
    except SettingsError:
        return False
    return True


def _rows(model: str) -> Iterator[dict[str, Any]]:
    """Yield settings so that each two values stand together in one of them, if they may."""
    choices = _choices(model)
    names = [*choices]

    def is_allowed(row: list[Any]) -> bool:
        return len(row) < 2 or _is_allowed(model, dict(zip(names, row, strict=False)))

    for row in AllPairs([*choices.values()], filter_func=is_allowed):
        yield dict(zip(names, row, strict=True))


def _write_rare(path: Path) -> Path:
    """Write two classes that are easily told apart, one of them 31 times as frequent as the other."""
    draw = random.Random(0)
    lines = ["kar0,kar1,fou0,fou1,word,class"]
    for row in range(RARE_ROWS + ROWS):
        is_rare = row % (1 + ROWS // RARE_ROWS) == 0
        numbers = [f"{draw.gauss(4 * is_rare, 1):.3f}" for _ in range(4)]
        lines.append(",".join([*numbers, draw.choice("ab"), "rare" if is_rare else "frequent"]))
    path.write_text("\n".join(lines) + "\n")
    return path


def _trained(model: str, values: Mapping[str, Any], *more: dict[str, Any]) -> Any:
    settings = load_settings(model=model, config="small.yaml", assignments=[_assigned(values), *more])
    family = family_container(bootstrap(settings))
    family.training_run()()
    assert all(torch.isfinite(one).all() for one in family.model().state_dict().values()), "not finite"
    return family


@pytest.mark.slow
def test_no_two_choices_make_a_classifier_that_gives_one_class_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TRAINED / "multi-feature")
    data = {"path": str(_write_rare(tmp_path / "rare.csv")), "label": "class", "batch_size": 32}
    degenerate = {}
    for number, values in enumerate(_rows("multi-feature")):
        more = {
            "run_dir": str(tmp_path / str(number)),
            "multi_feature": {"data": data, "optimizer": {"lr": 0.01}},
            "trainer": {"max_epochs": 30},
        }
        scores = _trained("multi-feature", values, more).evaluator()("train").scores
        if min(scores["accuracy"], scores["balanced_accuracy"]) < 0.75:
            degenerate[number] = scores, values

    assert not degenerate, degenerate


@pytest.mark.slow
@pytest.mark.parametrize("model", ["variant", "image-to-text", "vae-gan"])
def test_no_two_choices_make_a_model_whose_scores_are_not_finite(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TRAINED / model)
    section = families()[model].section
    kept = {section: WIDTHS.get(section, {})}
    for number, values in enumerate(_rows(model)):
        more = {"run_dir": str(tmp_path / str(number)), "trainer": {"max_epochs": 1}, **kept}
        scores = _trained(model, values, more).evaluator()("val").scores
        assert all(math.isfinite(value) for value in scores.values()), (scores, values)

"""Each two choices that settings leave open, trained together: ``python -m tests.campaign.choices``.

What comes of it must have finite weights and scores, and a classifier must not give one class alone.
"""

import argparse
import math
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import torch
from allpairspy import AllPairs
from pydantic import BaseModel

from nested_lightning import SettingsError, bootstrap, families, family_container, load_settings
from nested_lightning.settings.describing.walking import fields_of
from nested_lightning.settings.reading.merging import merge, nest
from nested_lightning.settings.slot import Slot
from tests.frozen.set_ups import FAMILIES, SMALL, TRAINED

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
    for name, place in fields_of(model).items():
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
        load_settings(model=model, config=TRAINED / model / SMALL, assignments=[_assigned(values)])
    except SettingsError:
        return False
    return True


def rows(model: str, num_together: int) -> Iterator[dict[str, Any]]:
    """Yield settings so that each value, or each two, stand in one of them if they may.

    Args:
        model: The family.
        num_together: 1 for each value, 2 for each two.
    """
    choices = _choices(model)
    names = [*choices]

    def is_allowed(row: list[Any]) -> bool:
        return len(row) < 2 or _is_allowed(model, dict(zip(names, row, strict=False)))

    for row in AllPairs([*choices.values()], filter_func=is_allowed, n=num_together):
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


def fault(model: str, values: Mapping[str, Any], folder: Path) -> str | None:
    """Train with settings and evaluate; return what is wrong with what comes of it.

    Args:
        model: The family.
        values: Settings by path.
        folder: Of the training, empty.
    """
    os.chdir(TRAINED / model)  # a relative path in its settings begins there
    is_classifier = model == "multi-feature"
    more = _of_rare_rows(folder) if is_classifier else _of_one_epoch(families()[model].section)
    changes = [_assigned(values), {"run_dir": str(folder / "run")}, more]
    family = family_container(bootstrap(load_settings(model=model, config=SMALL, assignments=changes)))
    family.training_run()()
    if not all(torch.isfinite(one).all() for one in family.model().state_dict().values()):
        return "weights that aren't finite"
    scores = family.evaluator()("train" if is_classifier else "val").scores
    if is_classifier and min(scores["accuracy"], scores["balanced_accuracy"]) < 0.75:
        return f"one class alone: {scores}"
    return None if all(map(math.isfinite, scores.values())) else f"scores that aren't finite: {scores}"


def _of_rare_rows(folder: Path) -> dict[str, Any]:
    data = {"path": str(_write_rare(folder / "rare.csv")), "label": "class", "batch_size": 32}
    return {"multi_feature": {"data": data, "optimizer": {"lr": 0.01}}, "trainer": {"max_epochs": 30}}


def _of_one_epoch(section: str) -> dict[str, Any]:
    return {"trainer": {"max_epochs": 1}, section: WIDTHS.get(section, {})}


def main() -> int:
    """Train each two choices of each family; print what is wrong, and return 1 where anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=[*FAMILIES], action="append")
    faults = 0
    for model in parser.parse_args().model or FAMILIES:
        for number, values in enumerate(rows(model, 2)):
            with tempfile.TemporaryDirectory() as folder:
                found = fault(model, values, Path(folder))
            faults += found is not None
            sys.stdout.write(f"{model} {number}: {found or 'good'}{f' of {values}' if found else ''}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

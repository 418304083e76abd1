"""Settings that must agree: where they don't, one line names both."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from nested_lightning import SettingsError, families, load_settings

SPLITS = [("multi-feature", "random"), ("vae-gan", "random"), ("variant", "random")]
SPLITS += [("image-to-text", kind) for kind in ("automatic", "variants", "unseen_bases", "random")]


def _source(variant: str, **values: Any) -> dict[str, Any]:
    return {"variants": {variant: {"source": values}}}


@pytest.mark.parametrize(
    ("model", "values", "names"),
    [
        *(
            (
                model,
                {"data": {"split": {"kind": kind, "val_fraction": 0.5, "test_fraction": 0.5}}},
                ["val_fraction 0.5", "test_fraction 0.5"],
            )
            for model, kind in SPLITS
        ),
        ("multi-feature", {"data": {"split": {"kind": "fold", "fold": 5}}}, ["fold 5", "of 5"]),
        (
            "multi-feature",
            {"data": {"categorical": ["colour"], "excluded": ["col*"]}},
            ["'colour'", "categorical", "excluded"],
        ),
        (
            "multi-feature",
            {"optimizer": {"kind": "sgd", "momentum": 0, "is_nesterov": True}},
            ["is_nesterov", "momentum"],
        ),
        (
            "multi-feature",
            {"optimizer": {"kind": "torch", "name": "SGD", "options": {"lr": 0.1}}},
            ["lr", "options"],
        ),
        ("variant", _source("image", min_length=16), ["min_length 16", "max_length 15"]),
        ("variant", _source("text", margin=256), ["margin 256", "window 512"]),
        ("variant", _source("own", margin=2, window=4), ["margin 2", "window 4"]),
        ("variant", _source("own", margin=2), ["margin 2", "window"]),
        (
            "image-to-text",
            {"text_decoder": {"kind": "transformer", "num_heads": 3}},
            ["hidden_features 256", "num_heads 3"],
        ),
        ("image-to-text", {"augmentation": {"max_shift": 32}}, ["max_shift 32", "picture_size 32"]),
    ],
)
def test_settings_of_a_family_that_contradict_each_other_are_one_line(
    model: str, values: Mapping[str, Any], names: list[str]
) -> None:
    section = model.replace("-", "_")

    with pytest.raises(SettingsError) as caught:
        load_settings(model=model, assignments=[{section: values}])

    (line,) = caught.value.problems
    assert section in line
    assert all(name in line for name in names), line


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"trainer.monitor": "val_nothing"}, ["val_nothing", "min or max"]),
        ({"submodules.a.unfreeze_at_epoch": 3}, ["unfreeze_at_epoch", "freeze"]),
        ({"submodules.a.init_path": "b"}, ["init_path", "init_from"]),
        ({"submodules.a.freeze": True, "submodules.a.optimizer.lr": 0.1}, ["frozen", "optimizer"]),
        ({"submodules.a.freeze": True, "submodules.a.layer_decay": 0.5}, ["frozen", "layer_decay"]),
        ({"submodules.a.freeze": True, "submodules.a.lora.targets": ["q"]}, ["lora", "freeze"]),
    ],
)
def test_general_settings_that_contradict_each_other_are_one_line(
    values: Mapping[str, Any], names: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(model="variant", assignments=[f"{name}={value}" for name, value in values.items()])

    (line,) = caught.value.problems
    assert all(name in line for name in names), line


@pytest.mark.parametrize(
    ("model", "options", "names"),
    [
        ("image-to-text", {"beam": 3, "top_p": 0.5}, ["beam", "top_p"]),
        ("image-to-text", {"length_penalty": 1.0, "top_p": 0.5}, ["length_penalty", "beam"]),
        ("image-to-text", {"temperature": 0.5}, ["temperature", "top_p"]),
        ("image-to-text", {"seed": 3, "beam": 2}, ["seed", "top_p"]),
        ("vae-gan", {"sample": 3, "reconstruct": "a.png"}, ["sample", "reconstruct"]),
        ("vae-gan", {"sample": 3, "steps": 4}, ["steps", "interpolate"]),
        ("vae-gan", {"reconstruct": "a.png", "seed": 4}, ["seed", "sample"]),
    ],
)
def test_options_of_a_predictor_that_contradict_each_other_are_one_line(
    model: str, options: Mapping[str, Any], names: list[str]
) -> None:
    with pytest.raises(ValidationError) as caught:
        families()[model].predictor.options.model_validate(options)

    (problem,) = caught.value.errors()
    assert all(name in problem["msg"] for name in names), problem

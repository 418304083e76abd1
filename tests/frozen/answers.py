"""What a trained run folder answers: its predictions, and what its training comes to when it goes on."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np

from nested_lightning import family_container, from_checkpoint, resume_training
from tests.frozen.metrics import Row, read_metrics

RUN = Path("run")
DATA = Path("data")
NUM_EPOCHS_MORE = 2


def record_predictions(overrides: Mapping[str, Any] | None = None) -> Any:
    """Return what the best checkpoint of the run folder in the current folder says of the data there."""
    application = from_checkpoint(RUN / "checkpoints" / "best.ckpt", overrides=overrides, device="cpu")
    return predictions_of(application.settings().model, family_container(application).predictor())


def predictions_of(family: str, predictor: Any) -> Any:
    """Return what a predictor says of the data in the current folder."""
    return _PREDICTIONS[family](predictor)


def record_resumed(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Train two epochs more in the run folder in the current folder, and return all metrics.

    Those of a constant answer, which are beside the test's by now, aren't.
    """
    longer = {"trainer": {"max_epochs": _num_epochs() + NUM_EPOCHS_MORE}}
    result = resume_training(RUN, longer, overrides=overrides)()
    return {
        "num_steps": result.num_steps,
        "validation": result.validation_metrics,
        "test": {name: value for name, value in result.test_metrics.items() if "baseline" not in name},
        "metrics": [_counted_from_0(row) for row in read_metrics(RUN)],
    }


def _counted_from_0(row: Row) -> Row:
    """Return a row with its step and epoch as they were counted when the answers were recorded."""
    return {name: value - 1 if name in ("step", "epoch") else value for name, value in row.items()}


def asked_for(message: str) -> dict[str, Any]:
    """Return what a message asks to be given again, as it says itself: what is named is imported."""
    named = re.findall(r"--override '?([\w.]+)=([\w.]+:\w+)", message)
    return {path: resolve_name(name) for path, name in named}


def _num_epochs() -> int:
    rows = read_metrics(RUN)
    return 1 + int(max(row["epoch"] for row in rows if "epoch" in row))


def _predict_multi_feature(predictor: Any) -> Any:
    return predictor.predict_file(DATA / "shapes.csv").probabilities.tolist()


def _predict_image_to_text(predictor: Any) -> Any:
    captions = predictor.predict_paths([DATA / "images"])
    return {Path(one.picture).name: [one.text, one.log_probability] for one in captions}


def _predict_variant(predictor: Any) -> Any:
    fields = {"letters": "text", "moods": "tokens", "points": "vectors"}
    inputs = {variant: _read_inputs(variant, field) for variant, field in fields.items()}
    return {
        variant: [one.probabilities.tolist() for one in predictor.predict(variant, sequences)]
        for variant, sequences in inputs.items()
    }


def _read_inputs(variant: str, field: str) -> list[Any]:
    lines = (DATA / f"{variant}.jsonl").read_text(encoding="utf-8").splitlines()
    inputs = [json.loads(line)[field] for line in lines[:10]]
    return [np.array(one, dtype=np.float32) for one in inputs] if field == "vectors" else inputs


def _predict_vae_gan(predictor: Any) -> Any:
    made = {"sampled": predictor.sample(6, seed=1), "rebuilt": predictor.reconstruct(DATA / "ring")}
    return {
        name: {"domains": list(one.domains), "pictures": one.pictures.flatten(1).tolist()}
        for name, one in made.items()
    }


_PREDICTIONS: Mapping[str, Callable[[Any], Any]] = {
    "multi-feature": _predict_multi_feature,
    "image-to-text": _predict_image_to_text,
    "variant": _predict_variant,
    "vae-gan": _predict_vae_gan,
}

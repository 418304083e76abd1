"""Predictors in many threads at once: the same answers as one after the other, and no gradients."""

import io
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from nested_lightning import bootstrap
from nested_lightning.app.pictures.decoding import Squaring, decode_picture
from tests.app.image_to_text.captioned_folder import write_folder
from tests.conftest import make_picture_folder, make_picture_settings
from tests.tiny_variants import variant_settings
from tests.untrained import as_if_trained

NUM_THREADS = 8


def _picture(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def _multi_feature(folder: Path, settings: Mapping[str, Any]) -> Callable[[int], Tensor]:
    predictor = as_if_trained(bootstrap(settings).multi_feature).predictor(batch_size=2)
    names = ("kar0", "kar1", "kar2", "fou0", "fou1")

    def ask(number: int) -> Tensor:
        rows = [{name: float(number + i) for i, name in enumerate(names)} for _ in range(5)]
        probabilities: Tensor = predictor.predict(rows).probabilities
        return probabilities

    return ask


def _image_to_text(folder: Path, settings: Mapping[str, Any]) -> Callable[[int], Tensor]:
    section = {
        "data": {"path": str(write_folder(folder)), "picture_size": 16, "split": {"kind": "random"}},
        "text_decoder": {"kind": "transformer", "hidden_features": 8},
    }
    container = bootstrap({"model": "image-to-text", "image_to_text": section}).image_to_text
    predictor = as_if_trained(container).predictor(batch_size=2)

    def ask(number: int) -> Tensor:
        captions = predictor.predict_bytes([_picture(number + i) for i in range(3)])
        return torch.tensor([one.log_probability for one in captions])

    return ask


def _variant(folder: Path, settings: Mapping[str, Any]) -> Callable[[int], Tensor]:
    predictor = as_if_trained(bootstrap(variant_settings(folder, folder / "run")).variant).predictor(
        batch_size=2
    )

    def ask(number: int) -> Tensor:
        answers = predictor.predict("letters", ["abc"[number % 3] * (number + 1), "XYZ12", "a"])
        return torch.cat([one.probabilities for one in answers])

    return ask


def _vae_gan(folder: Path, settings: Mapping[str, Any]) -> Callable[[int], Tensor]:
    pictures = make_picture_settings(make_picture_folder(folder), folder / "run")
    predictor = as_if_trained(bootstrap(pictures).vae_gan).predictor(batch_size=2)

    def ask(number: int) -> Tensor:
        new: Tensor = predictor.sample(5, seed=number).pictures
        rebuilt: Tensor = predictor.reconstruct_bytes([_picture(number + i) for i in range(3)]).pictures
        return torch.cat([new, rebuilt])

    return ask


@pytest.mark.slow
@pytest.mark.parametrize("make", [_multi_feature, _image_to_text, _variant, _vae_gan])
def test_threads_get_the_answers_that_one_after_the_other_get(
    make: Callable[[Path, Mapping[str, Any]], Callable[[int], Tensor]],
    small_settings: dict[str, Any],
    tmp_path: Path,
) -> None:
    ask = make(tmp_path, small_settings)
    expected = [ask(number) for number in range(NUM_THREADS)]
    together = Barrier(NUM_THREADS)

    def ask_together(number: int) -> list[Tensor]:
        together.wait()
        return [ask(number) for _ in range(3)]

    with ThreadPoolExecutor(NUM_THREADS) as pool:
        found = list(pool.map(ask_together, range(NUM_THREADS)))

    for answers, answer in zip(found, expected, strict=True):
        assert not answer.requires_grad
        for one in answers:
            torch.testing.assert_close(one, answer)


def test_decoding_pictures_in_threads_leaves_the_filters_of_warnings_alone() -> None:
    before = list(warnings.filters)

    with ThreadPoolExecutor(NUM_THREADS) as pool:
        list(
            pool.map(lambda number: decode_picture(_picture(number), Squaring(size=4, fit="pad")), range(40))
        )

    assert list(warnings.filters) == before

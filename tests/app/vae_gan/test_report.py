"""Sections of a report on made pictures."""

from types import SimpleNamespace
from typing import Any

import torch

from nested_lightning.app.report.contents import Text
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.report import VaeGanSections


def test_domains_of_one_picture_have_no_interpolation_and_it_is_said() -> None:
    part = PictureBatch(pictures=torch.zeros(2, 1, 4, 4), domain=torch.tensor([0, 1]))
    data: Any = SimpleNamespace(part=lambda name: part)
    predictor: Any = SimpleNamespace(data_spec=SimpleNamespace(domains=("box", "ring")))
    model: Any = None

    sections = VaeGanSections(model=model, predictor=predictor, datamodule=data).sections("test")

    assert sections["Interpolations"]() == [Text(text="No domain has two pictures in the test part.")]

"""The family my-family: it learns, and each of its parts can be replaced."""

from pathlib import Path

from torch import Tensor, nn

import nested_lightning as nl
from nested_lightning.commands.creating.my_family import my_family


class DoubleEncoder(nn.Identity):
    """Takes the encoder's place in a test: hands on what it gets."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.out_features = in_features


def test_it_learns(tmp_path: Path) -> None:
    """A short training brings a score that guessing doesn't."""
    settings = {
        "run_dir": str(tmp_path / "run"),
        "trainer": {"max_epochs": 3, "accelerator": "cpu", "use_progress_bar": False},
    }
    application = nl.bootstrap(settings, family=my_family)
    result = application.my_family.training_run()()

    assert result.test_metrics["test_accuracy"] > 0.7


def test_the_head_fits_whatever_encodes() -> None:
    """The head is built of the width that the encoder publishes."""
    application = nl.bootstrap({}, family=my_family)
    with nl.overriding(application, "my_family.encoder", DoubleEncoder):
        head: nn.Linear = application.my_family.model().head

    weight: Tensor = head.weight
    assert weight.shape == (2, 2)

"""Settings of prediction, the same for every family."""

from pydantic import Field

from nested_lightning.settings.base import Settings


class PredictionSettings(Settings):
    """Where a trained model works."""

    device: str = Field(
        "cpu",
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="Device of a trained model: cpu, mps, cuda, cuda:1, or auto, the fastest that is there.",
    )

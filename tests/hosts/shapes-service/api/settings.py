"""The service's own settings, from its own environment variables."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read from ``API_SHAPES_CHECKPOINT`` and so on.

    Attributes:
        shapes_checkpoint: Knows shapes by their measures.
        letters_checkpoint: Knows the kinds of characters.
        device: Where both work.
        max_items: Most rows or texts in a request.
    """

    model_config = SettingsConfigDict(env_prefix="API_")

    shapes_checkpoint: Path
    letters_checkpoint: Path
    device: str = "cpu"
    max_items: int = 1000

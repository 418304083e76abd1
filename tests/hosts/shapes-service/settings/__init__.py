"""The service's own settings, from its own environment variables."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read from ``API_MODELS`` and so on.

    Attributes:
        models: Folder of the two trained models.
        shapes_training: YAML file with the settings of the model that knows shapes by their measures.
        letters_training: YAML file with the settings of the model that knows the kinds of characters.
        device: Where both answer.
        max_items: Most rows or texts in a request.
    """

    model_config = SettingsConfigDict(env_prefix="API_")

    models: Path
    shapes_training: Path = Path("shapes.yaml")
    letters_training: Path = Path("letters.yaml")
    device: str = "cpu"
    max_items: int = 1000

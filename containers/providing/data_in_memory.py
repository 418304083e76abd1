"""Data that a program holds, instead of files."""

from pathlib import Path
from typing import Any

from dependency_injector import providers

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.table_sources import AwaitedTable
from nested_lightning.settings.application import ApplicationSettings, is_in_memory, place_in_memory


def place_of(data: Any) -> str:
    """Return what settings record of data: their path, or that they are in memory."""
    return str(Path(data).absolute()) if _is_path(data) else place_in_memory(type(data).__name__)


def with_place_of(settings: ApplicationSettings, data: Any) -> ApplicationSettings:
    """Return the settings of a training with these data.

    Raises:
        UserError: The family has no such setting.
    """
    name = settings.family.section
    section = getattr(settings, name)
    if "path" not in getattr(type(getattr(section, "data", None)), "model_fields", ()):
        raise UserError(
            f"data=…: {settings.model} has no setting {name}.data.path, whose place they would take"
        )
    place = section.data.model_copy(update={"path": Path(place_of(data))})
    return settings.model_copy(update={name: section.model_copy(update={"data": place})})


def give_data(container: Any, data: Any, *, model: str) -> None:
    """Let the datamodule of a family's container take data that a program holds; a path is in the settings.

    Raises:
        UserError: The family reads files alone.
    """
    if data is None or _is_path(data):
        return
    if "given_data" not in container.providers:
        raise UserError(f"data=…: {model} takes no data in memory; name a file or a folder")
    container.given_data.override(providers.Object(data))


def data_or_place(given: Any, place: Path | None) -> Any:
    """Return the data that are given, else their path, else a marker that they are still to come."""
    if given is not None:
        return given
    return AwaitedTable(str(place)) if is_in_memory(place) else place


def _is_path(data: Any) -> bool:
    return isinstance(data, str | Path)

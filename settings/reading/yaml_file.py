"""A settings file: nested values with the line and column of each, and the files that it builds upon."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nested_lightning.settings.describing.walking import names_of
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import Layer
from nested_lightning.settings.reading.yaml_values import YamlValues

MAX_BYTES = 2**24
"""Size of a settings file."""

MAX_FILES = 100
"""Files that a settings file builds upon, one above the other or side by side."""

EXTENDS = "extends"
"""The name at the top of a file under which it says which files it builds upon."""

OVERRIDES = "overrides"
"""The name at the top of a training's file under which it says what stood in the places of providers."""

PROVENANCE = "provenance"
"""The name at the top of a file under which it says, by path, where a value was found: ``sweep trial 17``."""


def read_settings_file(path: Path) -> list[Layer]:
    """Return the layers of a settings file: the files that it extends, the lowest first, then itself.

    ``extends: base.yaml``, or a list of files, is relative to the file that says it. A file that several
    others extend stands once, below all of them.

    Raises:
        SettingsError: A file can't be read, isn't a YAML mapping of names to values, names something twice,
            or extends itself.
    """
    return list(_read(path, above=(), seen=set()))


def _read(path: Path, above: tuple[Path, ...], seen: set[Path]) -> Iterator[Layer]:
    text = _read_text(path)
    resolved = path.resolve()
    if resolved in above:
        raise SettingsError([f"{path}: extends itself, by way of {' → '.join(map(str, above))}"])
    if resolved in seen:
        return
    seen.add(resolved)
    if len(seen) > MAX_FILES:
        raise SettingsError([f"{path}: builds upon more than {MAX_FILES} files"])
    reader = YamlValues(str(path))
    layer = Layer(reader.read(text), origin=str(path), origins=reader.origins)
    overrides = _pop_texts(layer, OVERRIDES, "what a training wrote there")
    found = _pop_texts(layer, PROVENANCE, "where a value was found")
    origins = {**layer.origins, **{names_of(path): text for path, text in found.items()}}
    layer = replace(layer, origins=origins, overrides=overrides, provenance=found)
    bases = layer.values.pop(EXTENDS, [])
    for base in bases if isinstance(bases, list) else [bases]:
        if not isinstance(base, str):
            raise SettingsError([f"{layer.origin_of((EXTENDS,))}: extends names a file, or a list of files"])
        yield from _read(path.parent / base, (*above, resolved), seen)
    yield layer


def _pop_texts(layer: Layer, section: str, what: str) -> dict[str, str]:
    texts = layer.values.pop(section, {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise SettingsError([f"{layer.origin_of((section,))}: {section} holds, by path, {what}"])
    return texts


def _read_text(path: Path) -> str:
    """Return the text of a file; devices and pipes are refused, since they may never end."""
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is no file, but a folder, a device or a pipe")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        name = str(path) if str(path).isprintable() else repr(str(path))
        raise SettingsError([f"{name}: can't be read: {' '.join(str(error).split())}"]) from None

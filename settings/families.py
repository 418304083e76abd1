"""The one place where families are registered by name."""

from functools import cache
from importlib import import_module

from settings.errors import SettingsError, did_you_mean
from settings.family import Family

FAMILY_MODULES = {
    "multi-feature": "settings.multi_feature",
    "image-to-text": "settings.image_to_text",
    "vae-gan": "settings.vae_gan",
    "variant": "settings.variant",
}


@cache
def families() -> dict[str, Family]:
    """Return the descriptors of all registered families by name."""
    return {name: import_module(module).FAMILY for name, module in FAMILY_MODULES.items()}


def find_family(name: str) -> Family:
    """Return the family of this name; ``_`` and ``-`` are the same.

    Raises:
        SettingsError: No family has this name.
    """
    known = families()
    found = known.get(name.replace("_", "-"))
    if found is None:
        hint = did_you_mean(name, known)
        raise SettingsError([f"model = '{name}' is not registered{hint}; registered: {', '.join(known)}"])
    return found

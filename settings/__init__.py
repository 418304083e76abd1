"""What is wanted: pydantic models of every setting. Imports no torch, and nothing of app or containers."""

from settings.application import ApplicationSettings, parse_settings
from settings.errors import SettingsError
from settings.families import families, find_family
from settings.family import Family, Preset
from settings.loading import load_settings

__all__ = [
    "ApplicationSettings",
    "Family",
    "Preset",
    "SettingsError",
    "families",
    "find_family",
    "load_settings",
    "parse_settings",
]

"""Plug-ins that are found on the path: what is taken, and what is refused without harm to the others."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from nested_lightning import families
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.families import RESERVED
from nested_lightning.settings.plugging.entry_points import OWN_PACKAGE
from nested_lightning.settings.plugging.packages import plugins

PROJECT = Path(__file__).parents[3]

CHOICES = """
from typing import ClassVar, Literal
from pydantic import Field
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.choices.feature_extractors import FeatureExtractorSettings

class WaveSettings(FeatureExtractorSettings):
    target: ClassVar[str] = "waves.Wave"
    kind: Literal["wave"] = Field("wave", description="Waves.")
    num_waves: int = Field(3, description="Number of waves.")

class SecondWaveSettings(WaveSettings):
    pass

class PlainSettings(WaveSettings):
    kind: Literal["plain"] = Field("plain", description="A name that is taken.")

class NowhereSettings(ChoiceSettings):
    target: ClassVar[str] = "waves.Wave"
    kind: Literal["nowhere"] = Field("nowhere", description="In no slot.")
"""

WAVE = "[nested_lightning.submodules]\nwave = waves_settings:WaveSettings"


class Packages:
    """A folder of packages as pip installs them, and a fresh process that sees them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, *, entry_points: str, **modules: str) -> None:
        metadata = self.folder / f"{name}-1.5.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        (metadata / "entry_points.txt").write_text(dedent(entry_points))
        for module, code in modules.items():
            (self.folder / f"{module}.py").write_text(dedent(code))

    def run(self, code: str) -> tuple[Any, str]:
        """Return what the code prints as JSON, and what stands on standard error."""
        done = subprocess.run(
            [sys.executable, "-c", dedent(code)],
            env={"PYTHONPATH": f"{PROJECT}:{self.folder}"},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout), done.stderr


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(tmp_path)


REPORT = """
import json
from nested_lightning.settings.plugging.packages import plugins
print(json.dumps({one.package + ":" + one.point.name: one.error for one in plugins()}))
"""


def test_our_own_families_are_entry_points_of_our_own_package() -> None:
    registered = {plugin.point.name: plugin for plugin in plugins() if plugin.package == OWN_PACKAGE}

    assert set(registered) == set(families()) == {"image-to-text", "multi-feature", "vae-gan", "variant"}
    assert registered["variant"].point.value == "nested_lightning.settings.variant:FAMILY"
    assert all(plugin.error is None for plugin in registered.values())


def test_a_plugged_choice_is_validated_merged_listed_and_in_the_schema(packages: Packages) -> None:
    packages.add("waves", entry_points=WAVE, waves_settings=CHOICES)

    found, errors = packages.run("""
        import json, sys
        import nested_lightning.settings.multi_feature  # declared before the plug-in is imported
        assert "waves_settings" not in sys.modules
        from nested_lightning import load_settings, parse_settings
        from nested_lightning.settings.application import application_settings_model
        first = {"feature_extractor": {"kind": "wave", "num_waves": 5}}
        settings = parse_settings({"model": "multi-feature", "multi_feature": first})
        second = {"multi_feature": {"feature_extractor": {"num_waves": 6}}}
        merged = load_settings(assignments=[settings.to_plain(), second])
        print(json.dumps([
            settings.multi_feature.feature_extractor.target,
            merged.multi_feature.feature_extractor.num_waves,
            "WaveSettings" in application_settings_model().model_json_schema()["$defs"],
            "torch" in sys.modules,
        ]))
    """)

    assert found == ["waves.Wave", 6, True, False]
    assert errors == ""


def test_packages_in_use_are_named_by_path_those_of_a_single_submodule_too(packages: Packages) -> None:
    packages.add(
        "slopes",
        entry_points="[nested_lightning.submodules]\nslope = slope_settings:SlopeSettings",
        slope_settings="""
            from nested_lightning.settings.choices.optimization import OptimizerSettings

            class SlopeSettings(OptimizerSettings, kind="slope", target="slopes.Slope"):
                "Steepest descent."
        """,
    )

    found, _ = packages.run("""
        import json
        from nested_lightning import parse_settings
        own = {"multi_feature.head": {"optimizer": {"kind": "slope"}}}
        general = {"optimizer": {"kind": "slope"}}
        settings = {"model": "multi-feature", "submodules": own, "multi_feature": general}
        print(json.dumps(parse_settings(settings).packages()))
    """)

    assert found == {
        "submodules.multi_feature%2Ehead.optimizer": "slopes==1.5",
        "multi_feature.optimizer": "slopes==1.5",
    }


@pytest.mark.slow
def test_a_mistake_in_a_plugged_choice_is_named_by_its_path(packages: Packages) -> None:
    packages.add("waves", entry_points=WAVE, waves_settings=CHOICES)

    found, _ = packages.run("""
        import json
        from nested_lightning import SettingsError, parse_settings
        extractor = {"kind": "wave", "num_wave": 5}
        try:
            parse_settings({"model": "multi-feature", "multi_feature": {"feature_extractor": extractor}})
        except SettingsError as error:
            print(json.dumps(str(error)))
    """)

    assert found == (
        "multi_feature.feature_extractor.num_wave = 5: unknown name; did you mean 'num_waves'?"
        " (allowed: kind, out_features, num_waves)"
    )


@pytest.mark.slow
def test_what_cannot_be_used_is_reported_once_and_stops_nothing_else(packages: Packages) -> None:
    packages.add(
        "broken",
        entry_points="""
            [nested_lightning.submodules]
            absent = not_there:Thing
            leaving = leaving:Thing
            choice = broken_parts:NUMBER
            [nested_lightning.families]
            number = broken_parts:NUMBER
            taken = nested_lightning.settings.variant:FAMILY
            trainer = broken_parts:TRAINER
        """,
        leaving="raise SystemExit('no licence')",
        broken_parts="""
            from dataclasses import replace
            from nested_lightning.settings.multi_feature import FAMILY
            NUMBER = 42
            TRAINER = replace(FAMILY, name="trainer")
        """,
    )
    packages.add(
        "waves",
        entry_points="""
            [nested_lightning.submodules]
            wave = waves_settings:WaveSettings
            wave2 = waves_settings:SecondWaveSettings
            plain = waves_settings:PlainSettings
            nowhere = waves_settings:NowhereSettings
        """,
        waves_settings=CHOICES,
    )

    report, errors = packages.run(REPORT)

    assert report["waves:wave"] is None
    assert report["nested-lightning:variant"] is None
    assert report["broken:absent"] == "ModuleNotFoundError: No module named 'not_there'"
    assert report["broken:leaving"] == "SystemExit: no licence"
    assert report["broken:choice"].startswith("42 is no settings class of a choice")
    assert report["broken:number"] == "42 is no settings.Family"
    assert report["broken:taken"] == "there is a family 'variant' already"
    assert report["broken:trainer"].startswith("'trainer' can't be a family's name")
    assert report["waves:wave2"] == "the kind 'wave' is waves_settings.WaveSettings already"
    assert report["waves:plain"].startswith("the kind 'plain' is nested_lightning.settings.choices.")
    assert report["waves:nowhere"].startswith("no slot takes NowhereSettings")
    for name in ("absent", "leaving", "choice", "number", "taken", "trainer", "wave2", "plain", "nowhere"):
        assert errors.count(f"plug-in '{name}'") == 1, errors


@pytest.mark.slow
def test_a_plugin_that_fails_is_a_note_but_not_while_a_line_is_typed(packages: Packages) -> None:
    packages.add("broken", entry_points="[nested_lightning.submodules]\nabsent = not_there:Thing")
    command = (
        "import sys; from nested_lightning.commands.program import run;"
        "sys.argv = ['nested-lightning', 'config', '-m', 'variant']; run()"
    )

    def errors(**environ: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", command],
            env={"PYTHONPATH": f"{PROJECT}:{packages.folder}", **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr

    assert errors().startswith("note: plug-in 'absent'")
    typed = "nested-lightning train --set variant.trunk.kind="
    assert errors(_NESTED_LIGHTNING_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD="3") == ""


@pytest.mark.slow
def test_a_plugin_that_makes_settings_while_it_is_imported_is_reported(packages: Packages) -> None:
    packages.add(
        "early",
        entry_points="[nested_lightning.submodules]\nearly = early:Early",
        early="""
            from nested_lightning import parse_settings
            parse_settings({"model": "variant", "variant": {"trunk": {}}})
        """,
    )

    report, _ = packages.run(REPORT)

    assert "makes settings while it is being imported" in report["early:early"]


def test_reserved_names_are_those_that_an_application_has() -> None:
    from nested_lightning import ApplicationContainer

    taken = {*ApplicationSettings.model_fields, *ApplicationContainer.providers}
    assert taken <= RESERVED

"""The page of all settings is what the program prints, and leaves none out."""

from pathlib import Path
from typing import Any

import pytest

from nested_lightning import parse_settings
from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.describing.reference import setting_rows
from nested_lightning.settings.reading.merging import flatten
from tests.command_line import PROJECT, Program


def test_the_page_in_the_documentation_is_what_is_printed(program: Program) -> None:
    done = program("config", "--reference")

    assert done.returncode == 0
    assert done.stdout == Path(PROJECT, "docs", "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["multi-feature", "image-to-text", "variant", "vae-gan"])
def test_every_setting_of_a_family_is_on_the_page(name: str) -> None:
    told = [row.path for row in setting_rows(application_settings_model())]

    for names in flatten(parse_settings({"model": name}).to_plain()):
        path = ".".join(
            "NAME" if "variants" in names[:i] and i == 2 else part for i, part in enumerate(names)
        )
        assert any(is_told(path, row) for row in told), path


def is_told(path: str, row: str) -> bool:
    """Return whether a row is of this path or of one below it, or says where all below a place is told."""
    return row == path or row.startswith(f"{path}.") or (row.endswith(".…") and path.startswith(row[:-1]))


def test_defaults_are_those_of_what_stands_there() -> None:
    rows = {(row.path, row.kind): row for row in setting_rows(application_settings_model())}

    assert rows["variant.trunk", ""].default == "null"
    assert rows["vae_gan.vae.decoder.noise_scale", "mlp"].default == "0.1"
    assert rows["image_to_text.optimizer.kind", ""].default == "adamw"


def test_a_row_tells_default_bounds_and_meaning() -> None:
    rows: dict[str, Any] = {row.path: row for row in setting_rows(application_settings_model())}

    row = rows["trainer.early_stopping_patience"]
    assert (row.default, row.allowed) == ("null", "whole number > 0 ≤ 2147483647 or null")
    assert row.meaning == "Stop after that many validations without a better value; null: never."

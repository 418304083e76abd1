"""What the documentation names exists: files, imports, settings, providers, layers."""

import pkgutil
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from nested_lightning import OverridePathError, bootstrap, families
from nested_lightning.containers.overrides.provider_paths import find_provider
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.describing.walking import NamedItems, Place, fields_of
from nested_lightning.settings.plugging.entry_points import FAMILIES, SUBMODULES
from nested_lightning.settings.slot import Slot
from tests.command_line import PROJECT

PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in PROJECT.glob("docs/*.md"))]
FOLDERS = r"(?:\.ci|\.vscode|app|benchmarks|commands|containers|docs|nested_lightning|settings|tests)/"
FORMER = "| before |"
"""Begins the head of a table whose first column has names that are no more."""

MISTAKES = {"trainer.max_epoch", "submodules.multi_feature.hed", "multi_feature.hed"}
"""Examples of names that a message reports."""

OF_AN_OVERRIDE = {
    "multi_feature.feature_extractor.depth",
    "multi_feature.feature_extractors.kar.depth",
    "multi_feature.head.depth",
}
"""Arguments of classes that examples put in."""

WITHIN_A_PART = {
    "image_to_text.text_decoder.network",
    "image_to_text.text_decoder.network.transformer.h",
}
"""Modules of parts, as policies have them."""

EXAMPLES = {"LudwigModel", "fourier", "kar_1", "train_discriminator_loss"}
"""Words of examples, and one that is put together where it is logged."""


def _read(page: str) -> str:
    lines, is_former = [], False
    for line in (PROJECT / page).read_text(encoding="utf-8").splitlines():
        is_former = line.startswith(FORMER) or (is_former and line.startswith("|"))
        lines.append(line.split(" | ", 1)[-1] if is_former else line)
    return "\n".join(lines)


def _files(text: str) -> set[str]:
    return {name.rstrip(".") for name in re.findall(rf"(?<![\w./-]){FOLDERS}[\w./-]*", text)}


def _links(text: str) -> set[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return {link for link in re.findall(r"\]\(([^)#\s]+)", prose) if "://" not in link}


def _dotted_names(text: str) -> set[str]:
    names = re.findall(r"(?<![\w./-])(?:nested_lightning|nl)(?:\.[A-Za-z_]\w*)+", text)
    return {re.sub(r"^nl\.", "nested_lightning.", name) for name in names} - {FAMILIES, SUBMODULES}


def _imported_names(text: str) -> set[str]:
    found = re.findall(r"^(?:from|import) (nested_lightning[\w.]*)(?: import ([\w, ]+))?", text, re.MULTILINE)
    return {f"{module}.{name}".rstrip(".") for module, names in found for name in re.split(r", *", names)}


def _paths_of_parts(text: str) -> set[str]:
    """Return dotted paths of settings and providers, ``["3"]`` as ``.3``."""
    dots = re.sub(r"\[\"?(\w+)\"?\]", r".\1", text)
    sections = "|".join([*_sections(), "training"])
    return set(re.findall(rf"(?<![\w./\"-])(?:{sections})(?:\.[\w%]+)+", dots)) - _links(text)


def _words_in_code(text: str) -> set[str]:
    """Return words in backticks, but for those that the page's own examples define or use."""
    examples = re.findall(r"^```\w+\n.*?^```", text, re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([A-Za-z_]\w*)[`(]", text)) - set(re.findall(r"\w+", " ".join(examples)))


@cache
def _words_of_sources() -> set[str]:
    here = Path(__file__)
    folders = ["app", "benchmarks", "commands", "containers", "settings", "tests"]
    files = [path for name in folders for path in (PROJECT / name).rglob("*.py") if path != here]
    files += [*(PROJECT / "nested_lightning").glob("**/*.py"), PROJECT / "pyproject.toml"]
    return {word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}


@cache
def _sections() -> dict[str, Place]:
    general = {name: place for name, place in fields_of(ApplicationSettings).items() if place is not None}
    return {**general, **{family.section: family.settings for family in families().values()}}


def _is_setting(path: str) -> bool:
    first, *names = path.split(".")
    places: list[Place] = [_sections().get(first)]
    for name in names:
        following: list[Place] = []
        for place in places:
            if isinstance(place, NamedItems):
                following.append(place.item)
                continue
            models: Any = place.choices.values() if isinstance(place, Slot) else [place] if place else []
            following += [fields_of(model)[name] for model in models if name in fields_of(model)]
        places = following
    return bool(places)


@cache
def _application(model: str) -> Any:
    return bootstrap({"model": model})


def _is_provider(path: str) -> bool:
    of_section = {family.section: name for name, family in families().items()}
    try:
        find_provider(_application(of_section.get(path.partition(".")[0], "multi-feature")), path)
    except OverridePathError:
        return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_files_and_links_of_a_page_exist(page: str) -> None:
    text = _read(page)
    folder = (PROJECT / page).parent

    assert [name for name in _files(text) if not [*PROJECT.glob(name.replace("NAME", "*"))]] == []
    assert [link for link in _links(text) if not (folder / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_names_of_ours_on_a_page_can_be_imported(page: str) -> None:
    text = _read(page)

    for name in _dotted_names(text) | _imported_names(text):
        pkgutil.resolve_name(name)
    assert re.findall(r"(?<![\w./-])(?:app|commands|containers)\.[a-z_]+\b(?!\()", text) == []
    assert re.findall(r"^(?:from|import) (?:app|commands|containers|settings)\b", text, re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES)
def test_words_in_code_on_a_page_occur_in_the_sources(page: str) -> None:
    assert sorted(_words_in_code(_read(page)) - EXAMPLES - _words_of_sources()) == []


@pytest.mark.parametrize("page", PAGES)
def test_settings_and_providers_on_a_page_exist(page: str) -> None:
    named = _paths_of_parts(_read(page)) - MISTAKES - OF_AN_OVERRIDE - WITHIN_A_PART

    assert [path for path in sorted(named) if not _is_setting(path) and not _is_provider(path)] == []


def test_words_of_the_glossary_are_defined_there_alone() -> None:
    words = re.findall(r"^### (.+)$", _read("docs/concepts.md"), re.MULTILINE)
    one_of_them = "|".join(word.lower().removesuffix("y") for word in words)
    defined = re.compile(rf"(?<!\*)\*(?:{one_of_them})\w*\*(?!\*)", re.IGNORECASE)

    assert len(words) == len({*words}) > 9
    assert {page: defined.findall(_read(page)) for page in PAGES if defined.search(_read(page))} == {}


def test_architecture_shows_the_layers_of_the_contract() -> None:
    linter: Any = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [layers] = [
        contract["layers"]
        for contract in linter["contracts"]
        if contract.get("containers") == ["nested_lightning.app"]
    ]

    assert "\n".join(["```", *layers, "```"]) in _read("docs/architecture.md")


@pytest.mark.parametrize(
    ("find", "text", "found"),
    [
        (_files, "`app/x.py`, settings/NAME.py. runs/app/z", {"app/x.py", "settings/NAME.py"}),
        (_links, "[a](b.md#c) [d](https://e.f) [g](../h)\n```\ni[j](k)\n```\n", {"b.md", "../h"}),
        (_dotted_names, "`nl.bootstrap`", {"nested_lightning.bootstrap"}),
        (_imported_names, "from nested_lightning import a, b", {"nested_lightning.a", "nested_lightning.b"}),
        (_paths_of_parts, '`vae_gan.vaes["3"].encoder`', {"vae_gan.vaes.3.encoder"}),
    ],
)
def test_what_pages_name_is_found(find: Any, text: str, found: set[str]) -> None:
    assert find(text) == found


@pytest.mark.parametrize("wrong", ["multi_feature.heads", "trainer.trainer", "training.progress"])
def test_what_does_not_exist_is_noticed(wrong: str) -> None:
    assert not _is_setting(wrong)
    assert not _is_provider(wrong)


def test_a_column_of_former_names_is_left_out() -> None:
    assert "app.protocols" not in _read("docs/plugins.md")
    assert "nested_lightning.app.assembly.protocols" in _read("docs/plugins.md")

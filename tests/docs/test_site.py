"""The site is built without a fault, and each fault that a page can have is found with its line."""

import importlib
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import nested_lightning
from tests.command_line import PROJECT


@pytest.fixture(scope="module")
def site() -> ModuleType:
    """What builds the site."""
    pytest.importorskip("mkdocs", reason="mkdocs is of the extra 'docs'")
    return importlib.import_module("tests.docs.site")


@pytest.mark.slow
def test_the_site_has_no_fault(site: ModuleType, tmp_path: Path) -> None:
    assert [str(fault) for fault in site.build_site(tmp_path / "site")] == []
    assert 'id="nested_lightning.bootstrap"' in (tmp_path / "site" / "docs" / "reference.html").read_text()


BROKEN = """# Page

[none](none.md) and [there](other.md), [no such heading](other.md#nowhere), [one](other.md#other)
![none](none.png)
!!! danger
[words][nowhere] and `[code][nowhere]`, `{{ code }}`

{{ macro }} and <a href="gone.html">raw</a> <img src="https://example.org/a.png">

    !!! code

`{% code %}` and `a["b"]["c"]`, [elsewhere](https://example.org/none)
"""


@pytest.mark.slow
def test_each_fault_has_its_page_and_line(site: ModuleType, tmp_path: Path) -> None:
    docs, source = tmp_path / "project" / "docs", tmp_path / "project" / "app"
    shutil.copytree(PROJECT / "docs", docs, ignore=lambda _, names: [n for n in names if n != "mkdocs.yml"])
    (docs / "iframe-worker.js").touch()
    source.mkdir()
    (source / "mine.py").write_text('"""Mine, see [that](nothing.md)."""\n')
    (source / "__init__.py").touch()
    head, _, _ = (docs / "mkdocs.yml").read_text().partition("nav:")
    (docs / "mkdocs.yml").write_text(
        f"{head}nav: [README.md, docs/page.md, docs/other.md, docs/lost.md]\n".replace(
            "[..]", f"[{source.parent}]"
        )
    )
    (source.parent / "README.md").write_text("# Start\n")
    (docs / "page.md").write_text(BROKEN)
    (docs / "other.md").write_text("# Other\n\n::: app.mine\n")

    faults = site.build_site(tmp_path / "site", project=source.parent)

    assert sorted(str(fault) for fault in faults if "lost.md" not in str(fault)) == [
        "app/mine.py:1: broken link: nothing.md",
        "docs/page.md:3: broken anchor: other.html#nowhere",
        "docs/page.md:3: broken link: none.md",
        "docs/page.md:4: broken picture: none.png",
        "docs/page.md:5: unprocessed directive: !!! danger",
        "docs/page.md:6: mkdocs_autorefs: docs/page.md: Could not find cross-reference target 'nowhere'",
        "docs/page.md:8: broken link: gone.html",
        "docs/page.md:8: fetched from elsewhere: https://example.org/a.png",
        "docs/page.md:8: unprocessed directive: {{ macro }}",
    ]
    assert any("lost.md" in str(fault) for fault in faults)


@pytest.mark.slow
def test_a_name_that_the_reference_misspells_is_found(site: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "docs", tmp_path / "docs")
    page = tmp_path / "docs" / "reference.md"
    page.write_text(
        page.read_text().replace("::: nested_lightning.bootstrap\n", "::: nested_lightning.boostrap\n")
    )

    faults = [str(fault) for fault in site.build_site(tmp_path / "site", project=tmp_path)]

    line = page.read_text().splitlines().index("::: nested_lightning.boostrap") + 1
    assert any(fault.startswith(f"docs/reference.md:{line}: ") for fault in faults)


def test_a_folder_with_something_else_is_left_alone(site: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()

    with pytest.raises(FileExistsError, match="something else than a site"):
        site.build_site(tmp_path)

    assert (tmp_path / "mine.txt").exists()


def test_the_reference_has_every_public_name() -> None:
    page = (PROJECT / "docs" / "reference.md").read_text()
    named = [line.rpartition(".")[2] for line in page.splitlines() if line.startswith("::: ")]

    assert sorted(named) == sorted(nested_lightning.__all__)


def test_every_page_stands_in_the_navigation() -> None:
    nav = yaml.safe_load((PROJECT / "docs" / "mkdocs.yml").read_text())["nav"]
    pages = re.findall(r"'(docs/[^']+)'", str(nav))

    assert sorted(pages) == sorted(f"docs/{path.name}" for path in PROJECT.glob("docs/*.md"))

"""The site of docs/, opened as a file by someone without a network."""

import importlib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest


@pytest.mark.slow
def test_the_site_works_opened_as_a_file(chromium: Any, tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs is of the extra 'docs'")
    importlib.import_module("tests.docs.site").build_site(tmp_path)
    chromium.get((tmp_path / "index.html").as_uri())
    entries = chromium.find_elements("css selector", ".md-nav--primary a.md-nav__link[href]")
    pages = {entry.get_attribute("href").partition("#")[0] for entry in entries}

    chromium.execute_script("document.querySelector('input.md-search__input').focus()")
    chromium.find_element("css selector", "input.md-search__input").send_keys("combiner")
    found = chromium.find_element("css selector", ".md-search-result__link").get_attribute("href")
    chromium.get(found)
    assert chromium.find_elements("css selector", "article h1")
    fetched = chromium.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")

    assert len(pages) > 20
    assert all(Path(unquote(urlsplit(page).path)).is_file() for page in pages)
    assert all(name.startswith(("file:", "data:")) for name in fetched)
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []

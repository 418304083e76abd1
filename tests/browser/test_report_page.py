"""A report as a person sees it: opened as a file, by a browser that reaches nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nested_lightning.containers.reporting.comparing import report_runs
from tests.containers.reporting.conftest import CLASSES, odd_settings, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a training with odd names."""
    pytest.importorskip("matplotlib")
    folder = tmp_path_factory.mktemp("odd")
    train(odd_settings(folder))
    report_runs([folder / "run"], folder / "elsewhere.html")
    return folder / "elsewhere.html"


@pytest.fixture
def page(chromium: Any, report: Path) -> Iterator[Any]:
    """The browser with the report open; nothing was asked for besides, and nothing went wrong."""
    chromium.set_window_size(1100, 1000)
    chromium.get("about:blank")
    chromium.get_log("browser")
    chromium.get(report.as_uri())
    yield chromium
    assert chromium.get_log("browser") == []
    loaded = chromium.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_charts_are_there_and_names_are_literal(page: Any) -> None:
    assert page.title == "Report: run"
    charts = page.find_elements("css selector", "figure > svg")
    assert len(charts) >= 6
    assert all(chart.size["height"] > 50 for chart in charts)
    legends = page.execute_script("return [...document.querySelectorAll('svg text')].map(e => e.textContent)")
    assert CLASSES[1] in legends
    assert CLASSES[2] in legends


def test_sections_are_reached_by_their_links(page: Any) -> None:
    links = page.find_elements("css selector", "nav a")
    assert [link.text for link in links] == [
        heading.text for heading in page.find_elements("css selector", "section > h2")
    ]
    links[-1].click()
    assert page.execute_script("return scrollY") > 1000


def test_phone_shows_it_without_scrolling_sideways(page: Any) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": True},
    )
    widths = page.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert widths == [375, 375]


COLOURS = """
const style = node => getComputedStyle(document.querySelector(node));
return [style("body").backgroundColor, style("figure > svg text").fill, style("h2").color];
"""


def test_dark_and_light_have_colours_that_are_told_apart(page: Any) -> None:
    found = {}
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        found[scheme] = page.execute_script(COLOURS)
    assert found["light"] == ["rgb(251, 251, 253)", "rgb(26, 28, 35)", "rgb(26, 28, 35)"]
    assert found["dark"] == ["rgb(20, 22, 28)", "rgb(232, 234, 240)", "rgb(232, 234, 240)"]


def test_numbers_of_a_chart_are_opened_by_keyboard(page: Any) -> None:
    summary = page.find_element("css selector", "figure summary")
    summary.send_keys("\ue007")
    assert page.find_element("css selector", "figure details[open] table").is_displayed()

"""The page of `serve`, as a person sees it in a browser."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

DROP = """
const [zone, name, text] = arguments, files = new DataTransfer();
files.items.add(new File([text], name));
for (const kind of ["dragover", "drop"])
  zone.dispatchEvent(new DragEvent(kind, {dataTransfer: files, bubbles: true, cancelable: true}));
"""
ENTER, TABULATOR = "\ue007", "\ue004"
"""As WebDriver writes these keys."""

SHAPES = ["kar0,kar1,kar2,fou0,fou1", "4.1,0.2,-0.5,0.3,1.1", "0,0,0,5,5"]
HOSTILE = "aB3 <img src=x onerror=alert(1)> \N{GRINNING FACE}Z"


class Page:
    """What a person does and sees."""

    def __init__(self, browser: Any, address: str, model: str = "") -> None:
        self._browser = browser
        browser.set_window_size(1100, 1000)
        browser.get("about:blank")
        browser.get(f"{address}/#{model}")

    def all(self, selector: str) -> list[Any]:
        return self._browser.find_elements("css selector", selector)

    def one(self, selector: str) -> Any:
        return self._browser.find_element("css selector", selector)

    def has_none(self, selector: str) -> bool:
        return self.run("return document.querySelector(arguments[0]) === null", selector)

    def run(self, script: str, *arguments: Any) -> Any:
        return self._browser.execute_script(script, *arguments)

    def press(self, form: str) -> None:
        self._browser.find_element("xpath", f"//form[h3='{form}']//button").click()

    def type_keys(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self._browser).send_keys(*keys).perform()

    def texts(self, selector: str) -> list[str]:
        return [each.text for each in self.all(selector)]

    @property
    def faults(self) -> list[str]:
        return [each["message"] for each in self._browser.get_log("browser") if each["source"] != "network"]


@pytest.fixture
def open_page(chromium: Any, server: str) -> Iterator[Any]:
    pages = []

    def open_(model: str) -> Page:
        pages.append(Page(chromium, server, model))
        return pages[-1]

    yield open_
    assert [fault for page in pages for fault in page.faults] == []


def ask(server: str, model: str, body: Any) -> list[Any]:
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{server}/models/{model}/predict", json.dumps(body).encode(), headers)) as reply:
        return json.load(reply)["answers"]


def test_a_table_that_is_dropped_is_answered_with_bars_for_each_row(open_page: Any, server: str) -> None:
    page = open_page("shapes")

    page.run(DROP, page.one(".drop"), "shapes.csv", "\n".join(SHAPES))

    rows = [dict(zip(SHAPES[0].split(","), map(float, row.split(",")), strict=True)) for row in SHAPES[1:]]
    expected = ask(server, "shapes", {"rows": rows})
    assert page.texts(".answers td > strong") == [one["prediction"] for one in expected]
    shares = sorted((f"{100 * share:.1f} %" for share in expected[0]["probabilities"].values()), reverse=True)
    assert sorted(page.texts(".answers tbody tr:first-child .share"), reverse=True) == shares


def test_a_row_is_typed_without_a_mouse_and_a_wrong_field_is_gone_to(open_page: Any) -> None:
    page = open_page("shapes")
    field = page.one("input[name=fou1]")
    field.clear()

    field.send_keys(ENTER)

    assert "row 1, fou1" in page.one("[role=alert]").text
    assert page.run("return document.activeElement.name") == "fou1"
    assert field.get_attribute("aria-invalid") == "true"
    page.type_keys("1.5", ENTER)
    assert page.one(".answers td > strong").text in ("circle", "square", "star")
    assert page.has_none("[aria-invalid]")


def test_pictures_have_their_captions_below(open_page: Any, tmp_path: Path) -> None:
    pictures = [tmp_path / "red <i>.png", tmp_path / "blue.png"]
    for path, colour in zip(pictures, ("red", "blue"), strict=True):
        Image.new("RGB", (12, 8), colour).save(path)
    page = open_page("captions")

    page.one("input[type=file]").send_keys("\n".join(map(str, pictures)))

    assert [text.splitlines()[-1] for text in page.texts("figcaption")] == [path.name for path in pictures]
    assert page.run("return [...document.querySelectorAll('figure img')].map(i => i.naturalWidth)") == [
        12,
        12,
    ]


def test_text_is_coloured_character_by_character_and_stays_text(open_page: Any) -> None:
    page = open_page("sequences")
    area = page.one("textarea")
    area.clear()
    page.run("arguments[0].value = arguments[1]", area, HOSTILE)

    page.press("A sequence")

    assert page.one("pre.code").get_attribute("textContent") == HOSTILE
    assert page.has_none("pre.code img")
    assert set(page.texts(".legend li")) == {"digit", "lower", "upper"}
    colours = {each.value_of_css_property("color") for each in page.all(".legend li")}
    assert len(colours) == 3
    assert page.one("pre.code span").value_of_css_property("color") in colours


def test_pictures_are_drawn_and_given_back(open_page: Any, tmp_path: Path) -> None:
    page = open_page("pictures")

    page.press("New pictures")

    assert len(page.all(".grid figure img")) == 16
    Image.new("L", (6, 6), 200).save(tmp_path / "grey.png")
    page.one("input[type=file]").send_keys(str(tmp_path / "grey.png"))
    page.one("img[alt='Picture 1 as it was given']")
    assert page.run("return document.querySelector('img[alt=\"Picture 1 again\"]').naturalWidth") == 6


@pytest.mark.parametrize("model", ["shapes", "captions", "sequences", "pictures"])
def test_a_phone_shows_it_without_scrolling_sideways(open_page: Any, chromium: Any, model: str) -> None:
    page = open_page(model)
    chromium.set_window_size(400, 800)

    page.one("form button")

    assert page.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_all_that_can_be_done_has_a_name_and_is_reached_by_the_tabulator(open_page: Any) -> None:
    page = open_page("sequences")

    unnamed = [each for each in page.all("input, select, textarea, button, a") if not each.accessible_name]

    assert unnamed == []
    seen = set()
    for _ in range(20):
        page.type_keys(TABULATOR)
        seen.add(page.run("return document.activeElement.tagName"))
    assert {"A", "TEXTAREA", "SELECT", "INPUT", "BUTTON"} <= seen


@contextmanager
def answering_with_token(token: str) -> Iterator[str]:
    """A server without models that wants a token."""
    import uvicorn

    from nested_lightning.app.serving.application import make_application
    from nested_lightning.app.serving.guard import TokenGuard
    from nested_lightning.app.serving.metrics import Metrics

    app = make_application({}, metrics=Metrics(), guards=[TokenGuard([token])])
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            thread.join(0.05)
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()


def test_a_token_is_asked_for_until_it_is_right_and_then_kept(chromium: Any) -> None:
    with answering_with_token("abc") as address:
        page = Page(chromium, address)
        page.one("#token").send_keys("wrong", ENTER)
        page.one("form[data-try='2'] #token").send_keys("abc", ENTER)
        page.one("main[data-models='0']")

        chromium.refresh()

        page.one("main[data-models='0']")

"""A server of all families, and a browser that looks at its page."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.command_line import MAIN, PROJECT

TRAINED = PROJECT / "tests" / "frozen" / "trained"
MODELS = {
    "shapes": "multi-feature",
    "captions": "image-to-text",
    "sequences": "variant",
    "pictures": "vae-gan",
}


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server of a trained model of each family."""
    checkpoints = [f"{name}={TRAINED / family / 'run'}" for name, family in MODELS.items()]
    command = [sys.executable, str(MAIN), "serve", *checkpoints, "--port", "0"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.split()[-1]
        process.terminate()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's chromium without a screen."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium isn't installed")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for option in ("headless=new", "disable-gpu", "disable-dev-shm-usage", "window-size=1100,1000"):
        options.add_argument(f"--{option}")
    if os.getuid() == 0:
        options.add_argument("--no-sandbox")
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as browser:
        browser.implicitly_wait(10)
        yield browser

"""A web service of somebody else's, whose packages are called as ours: real processes, real requests."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner

from nested_lightning.commands.program import app
from tests.environments import Environments
from tests.tiny_variants import variant_settings

HOST = Path(__file__).parent / "shapes-service"
NUM_CLIENTS = 50

WRONG = """
import nested_lightning as nl
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
def use(predictor: MultiFeaturePredictor) -> None:
    nl.from_checkpoint(3)
    predictor.predict_row([])
    predictor.predict_file(3)
    nl.parse_settings()
    nl.bootstrp({})
"""

OURS_ALONE = """
[[tool.mypy.overrides]]
module = ["numpy.*", "pyarrow.*", "pytorch_lightning.*", "torch.*", "torchmetrics.*"]
follow_imports = "skip"
"""
"""To read the types of these libraries would take most of the time."""


@dataclass(frozen=True)
class Service:
    """A running service, and the checkpoints that it serves."""

    url: str
    process: subprocess.Popen[str]
    shapes: Path
    letters: Path

    def ask(self, path: str, body: Any) -> Any:
        request = Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)


@pytest.fixture
def variables(small_settings: dict[str, Any], tmp_path: Path) -> dict[str, str]:
    """The host's environment variables: where its models go, and how they are trained."""
    letters = variant_settings(tmp_path / "data", tmp_path / "letters")
    (tmp_path / "shapes.yaml").write_text(json.dumps(small_settings))
    (tmp_path / "letters.yaml").write_text(json.dumps(letters))
    return {
        "PATH": os.environ["PATH"],
        "API_MODELS": str(tmp_path / "models"),
        "API_SHAPES_TRAINING": str(tmp_path / "shapes.yaml"),
        "API_LETTERS_TRAINING": str(tmp_path / "letters.yaml"),
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def service(environments: Environments, variables: dict[str, str]) -> Iterator[Service]:
    """The service with two models that the host has trained itself."""
    python = environments.without_plugin
    shapes, letters = map(Path, _run([python, "-m", "commands.train"], env=variables).split())
    process = subprocess.Popen(
        [python, "main.py", "0"], cwd=HOST, env=variables, stderr=subprocess.PIPE, text=True
    )
    try:
        yield Service(_address(process), process, shapes, letters)
    finally:
        process.kill()
        process.wait()


def _run(command: Sequence[str | Path], *, folder: Path = HOST, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r"running on (http://\S+)", line):
            return found.group(1)
    raise AssertionError("".join(lines))


def _predict(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["predict", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.slow
def test_fifty_clients_at_once_get_from_two_models_what_predict_gives(
    service: Service, small_csv: Path, tmp_path: Path
) -> None:
    texts = ["abcXYZ12"[number % 7 :] * (1 + number % 3) for number in range(NUM_CLIENTS)]
    with small_csv.open() as file:
        rows = [{k: float(v) for k, v in row.items() if k != "shape"} for row in csv.DictReader(file)]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    shapes = list(csv.DictReader(_predict(str(service.shapes), str(small_csv)).splitlines()))
    letters = json.loads(
        _predict(str(service.letters), "--variant", "letters", "--json", str(tmp_path / "texts.jsonl"))
    )
    together = Barrier(NUM_CLIENTS)

    def be_client(number: int) -> None:
        together.wait()
        [shape] = service.ask("/shapes", {"rows": [rows[number]]})
        [spans] = service.ask("/letters", {"texts": [texts[number]]})

        assert shape["shape"] == shapes[number]["prediction"]
        for name, probability in shape["probabilities"].items():
            assert probability == pytest.approx(float(shapes[number][f"probability_{name}"]), abs=1e-5)
        expected = letters[number]["spans"]
        assert spans == [[span["start"], span["stop"], span["label"]] for span in expected]

    with ThreadPoolExecutor(NUM_CLIENTS) as pool:
        list(pool.map(be_client, range(NUM_CLIENTS)))

    with pytest.raises(HTTPError) as refused:
        service.ask("/shapes", {"rows": [{"kar0": 1.0}]})
    assert refused.value.code == 422
    assert "kar1" in json.load(refused.value)["detail"]
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(timeout=60) == 0


@pytest.mark.slow
def test_a_hosts_packages_and_ours_of_the_same_names_are_found_beside_each_other(
    environments: Environments,
) -> None:
    names = ["app", "commands", "containers", "settings"]
    code = f"""
from importlib.util import find_spec
for name in {names}:
    print(find_spec(name).origin, find_spec("nested_lightning." + name).origin)
print(find_spec("main").origin)
"""

    *packages, main = _run([environments.without_plugin, "-B", "-c", code]).splitlines()

    [installed] = environments.without_plugin.parents[1].glob("lib/python*/site-packages/nested_lightning")
    assert main == str(HOST / "main.py")
    assert packages == [f"{HOST / name / '__init__.py'} {installed / name / '__init__.py'}" for name in names]


@pytest.mark.slow
def test_a_host_is_checked_against_our_types(environments: Environments, tmp_path: Path) -> None:
    host = tmp_path / "host"
    shutil.copytree(HOST, host, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
    with (host / "pyproject.toml").open("a") as file:
        file.write(OURS_ALONE)
    (host / "wrong.py").write_text(WRONG)
    files = ["main.py", "app", "commands", "containers", "settings", "wrong.py"]
    python = ["--python-executable", str(environments.without_plugin)]
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, *python, *files]

    found = subprocess.run(mypy, cwd=host, capture_output=True, text=True, check=False)

    assert found.stdout.endswith("Found 5 errors in 1 file (checked 9 source files)\n"), found.stdout
    assert re.findall(r"^wrong.py:(\d+): error: .*\[(.+)\]$", found.stdout, re.MULTILINE) == [
        ("5", "arg-type"),
        ("6", "attr-defined"),
        ("7", "arg-type"),
        ("8", "call-arg"),
        ("9", "attr-defined"),
    ]

"""A web service of somebody else's, with our wheel in its environment: real process, real requests."""

import csv
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner

from nested_lightning import bootstrap
from nested_lightning.commands.program import app
from tests.environments import Environments
from tests.tiny_variants import variant_settings

HOST = Path(__file__).parent / "shapes-service"
NUM_CLIENTS = 50


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
def service(environments: Environments, small_settings: dict[str, Any], tmp_path: Path) -> Iterator[Service]:
    shapes = bootstrap(small_settings).multi_feature.training_run()().best_checkpoint
    letters = bootstrap(variant_settings(tmp_path / "data", tmp_path / "letters")).variant
    letters_checkpoint = letters.training_run()().best_checkpoint
    process = subprocess.Popen(
        [environments.without_plugin, "-m", "uvicorn", "api.main:app", "--port", "0"],
        cwd=HOST,
        env={
            "PATH": os.environ["PATH"],
            "API_SHAPES_CHECKPOINT": str(shapes),
            "API_LETTERS_CHECKPOINT": str(letters_checkpoint),
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Service(_address(process), process, shapes, letters_checkpoint)
    finally:
        process.kill()
        process.wait()


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

"""A web service that trains in the background, and answers by the new model without a restart."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import uvicorn
from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer
from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse

from nested_lightning import UserError, compose_application, find_family, from_checkpoint, parse_settings
from nested_lightning.app.training.runs.result import TrainingResult

ROWS = [{"kar0": 1.0, "kar1": 0.0, "kar2": 2.0, "fou0": 0.5, "fou1": -1.0}]


class HostContainer(DeclarativeContainer):
    """A host that declares the application as a part of itself."""

    config = providers.Configuration(strict=True)
    application: Any = providers.Container(
        compose_application(find_family("multi-feature")),
        settings=providers.Singleton(parse_settings, config.shapes),
    )
    train = application.train
    predictor = application.multi_feature.predictor


class Host:
    """The service, and what its trainings came to."""

    def __init__(self, container: Any) -> None:
        self.api, self.results, self._container = FastAPI(), list[TrainingResult](), container
        self.api.post("/train", status_code=202)(self.train)
        self.api.post("/shapes")(self.name_shapes)
        self.api.exception_handler(UserError)(lambda _, error: JSONResponse(str(error), status_code=409))

    def train(self, tasks: BackgroundTasks) -> None:
        tasks.add_task(lambda: self.results.append(self._container.train()))

    def has_trained(self, number: int) -> bool:
        return len(self.results) == number

    def name_shapes(self, rows: list[dict[str, float]]) -> list[list[float]]:
        return self._container.predictor().predict(rows).probabilities.tolist()


@contextmanager
def _serving(api: FastAPI) -> Iterator[Callable[..., Any]]:
    """Serve requests in a thread of this process; give what sends one."""
    server = uvicorn.Server(uvicorn.Config(api, port=0, log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    _wait(lambda: server.started)
    (port,) = {socket.getsockname()[1] for one in server.servers for socket in one.sockets}

    def ask(path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        url = f"http://127.0.0.1:{port}{path}"
        with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=60) as answer:
            return json.load(answer)

    yield ask
    server.should_exit = True
    thread.join()


def _wait(is_over: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not is_over():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_service_answers_by_the_model_that_it_has_trained_in_the_background(
    small_settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    del small_settings["run_dir"]  # each training has a folder of its own
    host = Host(HostContainer(config={"shapes": small_settings}))
    with _serving(host.api) as ask:
        with pytest.raises(HTTPError, match="409"):
            ask("/shapes", ROWS)
        for number in (1, 2):
            ask("/train")
            _wait(partial(host.has_trained, number))
            opened = from_checkpoint(host.results[-1].best_checkpoint).multi_feature.predictor()

            assert ask("/shapes", ROWS) == opened.predict(ROWS).probabilities.tolist()
    assert host.results[0].run_folder != host.results[1].run_folder

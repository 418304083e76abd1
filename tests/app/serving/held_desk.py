"""A desk whose model is held until a test lets it go, and which remembers what it computed together."""

import threading
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

from nested_lightning.app.errors import UserError
from nested_lightning.app.serving.application import make_application
from nested_lightning.app.serving.desk import Answer, Asked, Description, Limits, Part
from nested_lightning.app.serving.forms import JSON, parse_json
from nested_lightning.app.serving.metrics import Metrics
from nested_lightning.app.serving.service import Model, Service

TIMEOUT_S = 30


class HeldDesk:
    """Doubles numbers, each a row; ``-1`` can't be answered, ``-2`` makes the model fail.

    Attributes:
        batches: What was computed at once, in order.
        go: The model waits for it.
        is_held: Set as soon as the model waits.
    """

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go, self.is_held = threading.Event(), threading.Event()
        self.go.set()

    def hold(self) -> None:
        """Let the model wait at its next batch."""
        self.go.clear()
        self.is_held.clear()

    def describe(self, limits: Limits) -> Description:
        return Description(inputs={}, answers={}, bodies={JSON: {}}, answer={}, example=[1])

    def read(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        numbers = parse_json(asked.body)
        size = limits.max_batch_size
        pieces = [numbers[i : i + size] for i in range(0, len(numbers), size)]
        return [Part(content=each, num_rows=len(each), key="numbers") for each in pieces]

    def compute(self, contents: Sequence[Any]) -> Sequence[Sequence[Answer]]:
        numbers = [number for each in contents for number in each]
        self.batches.append(numbers)
        self.is_held.set()
        assert self.go.wait(TIMEOUT_S)
        if -1 in numbers:
            raise UserError("minus one can't be doubled")
        if -2 in numbers:
            raise ZeroDivisionError("of the model")
        if -3 in numbers:
            raise SystemExit
        if -4 in numbers:
            return [[] for _ in contents]
        return [[{"twice": 2 * number} for number in each] for each in contents]

    def example(self, limits: Limits) -> Sequence[Part]:
        return [Part(content=[0], num_rows=1)]


def held_service(desk: HeldDesk, name: str = "m", metrics: Metrics | None = None, **options: Any) -> Service:
    """Return a service of the desk, whose batches are empty after its first row."""
    limits = Limits(**{k: options.pop(k) for k in [*options] if k in Limits.__dataclass_fields__})
    model = Model(desk=desk, family="held", digest="sha256:1")
    service = Service(name=name, model=model, limits=limits, watch=metrics, **options)
    desk.batches.clear()
    desk.is_held.clear()
    return service


def held_application(desk: HeldDesk, **options: Any) -> FastAPI:
    """Return an application of one model, ``m``."""
    metrics = Metrics()
    return make_application({"m": held_service(desk, metrics=metrics, **options)}, metrics=metrics)

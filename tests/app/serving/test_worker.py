from concurrent.futures import CancelledError, Future
from typing import Any

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.serving.desk import Part
from nested_lightning.app.serving.worker import (
    ModelFailedError,
    QueueFullError,
    Watch,
    Worker,
    WorkerStoppedError,
)
from tests.app.serving.held_desk import TIMEOUT_S, HeldDesk


class Deaths(Watch):
    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def saw_death(self, name: str, error: BaseException) -> None:
        self.errors.append(error)


@pytest.fixture
def desk() -> HeldDesk:
    return HeldDesk()


def worker_of(desk: HeldDesk, watch: Watch | None = None, **options: Any) -> Worker:
    sizes = {"max_batch_size": 4, "max_queued_rows": 100} | options
    return Worker(compute=desk.compute, name="m", watch=watch or Watch(), **sizes)


def held_worker(desk: HeldDesk, watch: Watch | None = None, **options: Any) -> Worker:
    """Return a worker that computes 100 until it is let go."""
    worker = worker_of(desk, watch, **options)
    desk.hold()
    put(worker, 100)
    assert desk.is_held.wait(TIMEOUT_S)
    return worker


def put(worker: Worker, *numbers: int, key: Any = "numbers") -> "Future[Any]":
    [answers] = worker.submit([Part(content=[*numbers], num_rows=len(numbers), key=key)])
    return answers


def twice(*numbers: int) -> list[dict[str, int]]:
    return [{"twice": 2 * number} for number in numbers]


def test_what_waits_is_computed_together_up_to_the_size_of_a_batch_first_in_first_out(desk: HeldDesk) -> None:
    worker = held_worker(desk)
    waiting = [put(worker, 1), put(worker, 2, 3), put(worker, 4, 5), put(worker, 6)]

    desk.go.set()

    assert [one.result(TIMEOUT_S) for one in waiting] == [twice(1), twice(2, 3), twice(4, 5), twice(6)]
    assert desk.batches == [[100], [1, 2, 3], [4, 5, 6]]


def test_parts_of_other_keys_or_of_none_are_computed_alone(desk: HeldDesk) -> None:
    worker = held_worker(desk)
    waiting = [
        put(worker, 1),
        put(worker, 2, key="other"),
        put(worker, 3, key=None),
        put(worker, 4, key=None),
    ]

    desk.go.set()

    assert [one.result(TIMEOUT_S) for one in waiting] == [twice(n) for n in (1, 2, 3, 4)]
    assert desk.batches == [[100], [1], [2], [3], [4]]


@pytest.mark.parametrize(
    ("wrong", "error"), [(-1, UserError), (-2, ModelFailedError), (-4, RuntimeError)], ids=str
)
def test_a_wrong_part_fails_alone(desk: HeldDesk, wrong: int, error: type[Exception]) -> None:
    worker = held_worker(desk)
    before, failing, after = put(worker, 1), put(worker, wrong), put(worker, 2)

    desk.go.set()

    assert (before.result(TIMEOUT_S), after.result(TIMEOUT_S)) == (twice(1), twice(2))
    with pytest.raises(error):
        failing.result(TIMEOUT_S)
    assert put(worker, 5).result(TIMEOUT_S) == twice(5)


def test_what_is_being_computed_can_not_be_cancelled(desk: HeldDesk) -> None:
    worker = worker_of(desk)
    desk.hold()
    running = put(worker, 1)
    assert desk.is_held.wait(TIMEOUT_S)

    assert not running.cancel()
    desk.go.set()

    assert running.result(TIMEOUT_S) == twice(1)


def test_the_queue_is_bounded_in_rows_and_refuses_a_request_as_a_whole(desk: HeldDesk) -> None:
    worker = held_worker(desk, max_queued_rows=5)
    taken = put(worker, 1, 2, 3)

    with pytest.raises(QueueFullError):
        worker.submit([Part(content=[4], num_rows=1), Part(content=[5, 6], num_rows=2)])
    assert worker.queued_rows == 3
    fitting = put(worker, 7, 8)
    desk.go.set()

    assert (taken.result(TIMEOUT_S), fitting.result(TIMEOUT_S)) == (twice(1, 2, 3), twice(7, 8))


def test_a_request_larger_than_the_queue_is_taken_if_none_waits(desk: HeldDesk) -> None:
    worker = worker_of(desk, max_queued_rows=2)

    assert put(worker, 1, 2, 3).result(TIMEOUT_S) == twice(1, 2, 3)


def test_a_thread_that_dies_leaves_nobody_waiting_and_says_so(desk: HeldDesk) -> None:
    deaths = Deaths()
    worker = held_worker(desk, deaths)
    waiting = [put(worker, -3), put(worker, 1), put(worker, 2, key="later")]

    desk.go.set()

    for one in waiting:
        with pytest.raises(WorkerStoppedError):
            one.result(TIMEOUT_S)
    worker.thread.join(TIMEOUT_S)
    assert not worker.is_alive
    assert [type(error) for error in deaths.errors] == [SystemExit]


def test_parts_cancelled_in_a_batch_are_left_out_of_it(desk: HeldDesk) -> None:
    worker = held_worker(desk)
    first, gone, last = put(worker, 1), put(worker, 2), put(worker, 3)
    gone.cancel()

    desk.go.set()

    assert (first.result(TIMEOUT_S), last.result(TIMEOUT_S)) == (twice(1), twice(3))
    assert desk.batches[1] == [1, 3]
    with pytest.raises(CancelledError):
        gone.result(0)

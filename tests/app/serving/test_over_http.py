"""What a server does whose model is held by the test: order is asserted, not time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from nested_lightning.app.serving.application import make_application
from nested_lightning.app.serving.guard import Guard, HostGuard, TokenGuard
from nested_lightning.app.serving.metrics import Metrics
from nested_lightning.app.serving.service import Model
from nested_lightning.app.serving.worker import ModelFailedError
from tests.app.serving.held_desk import TIMEOUT_S, HeldDesk, held_application, held_service
from tests.serving import Client, listens, posted, running, until

PATH = "/models/m/predict"


@pytest.fixture
def desk() -> HeldDesk:
    return HeldDesk()


@contextmanager
def held(desk: HeldDesk, client: Client, pool: ThreadPoolExecutor) -> Iterator[Any]:
    """Hold the model with a request of one row, whose reply the value gives later."""
    desk.hold()
    reply = pool.submit(client.post, PATH, [100])
    assert desk.is_held.wait(TIMEOUT_S)
    try:
        yield reply
    finally:
        desk.go.set()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as made:
        yield made


def queued(client: Client) -> float:
    text = client.get("/metrics").body.decode()
    [line] = [line for line in text.splitlines() if line.startswith("nested_lightning_queued_rows{")]
    return float(line.split()[1])


def test_requests_that_arrive_together_are_computed_together_and_each_gets_its_own(
    desk: HeldDesk, pool: ThreadPoolExecutor
) -> None:
    with running(held_application(desk)) as client:
        with held(desk, client, pool) as first:
            others = [pool.submit(client.post, PATH, [number, number + 100]) for number in range(2, 22)]
            until(lambda: queued(client) == 40)

        assert first.result().answers == [{"twice": 200}]
        for number, reply in enumerate(others, 2):
            assert reply.result().answers == [{"twice": 2 * number}, {"twice": 2 * number + 200}]
    assert len(desk.batches) == 2


@pytest.mark.parametrize(("wrong", "words"), [(-1, "can't be doubled"), (-2, "ZeroDivisionError")])
def test_a_row_that_can_not_be_answered_fails_its_own_request_alone(
    desk: HeldDesk, pool: ThreadPoolExecutor, wrong: int, words: str
) -> None:
    with running(held_application(desk)) as client:
        with held(desk, client, pool):
            others = [pool.submit(client.post, PATH, [number]) for number in (1, 2, wrong, 3)]
            until(lambda: queued(client) == 4)
        replies = [one.result() for one in others]

    assert [one.status for one in replies] == [200, 200, 422, 200]
    assert words in replies[2].json["detail"]
    assert replies[3].answers == [{"twice": 6}]


def test_health_and_metrics_are_answered_while_the_model_computes(
    desk: HeldDesk, pool: ThreadPoolExecutor
) -> None:
    with running(held_application(desk)) as client, held(desk, client, pool) as reply:
        assert client.get("/healthz").json == {"status": "alive"}
        assert client.get("/readyz").json == {"status": "ready"}
        assert client.get("/metrics").status == 200
        assert not reply.done()


def test_beyond_its_limit_the_queue_refuses_at_once(desk: HeldDesk, pool: ThreadPoolExecutor) -> None:
    with running(held_application(desk, max_queued_rows=3)) as client, held(desk, client, pool):
        waiting = pool.submit(client.post, PATH, [1, 2, 3])
        until(lambda: queued(client) == 3)

        refused = client.post(PATH, [4])

        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert refused.headers["content-type"] == "application/problem+json"
        assert not waiting.done()


def test_a_request_that_waits_too_long_is_refused_and_leaves_the_queue(
    desk: HeldDesk, pool: ThreadPoolExecutor
) -> None:
    with running(held_application(desk, queue_timeout_s=0.1)) as client, held(desk, client, pool) as running_:
        refused = client.post(PATH, [1])

        assert refused.status == 504
        assert queued(client) == 0
        assert not running_.done()  # though it takes longer than that
        desk.go.set()
        assert running_.result().answers == [{"twice": 200}]
    assert desk.batches == [[100]]


def test_a_client_that_goes_away_leaves_the_queue_before_the_model_runs(
    desk: HeldDesk, pool: ThreadPoolExecutor
) -> None:
    with running(held_application(desk)) as client, held(desk, client, pool):
        gone = client.connect(posted(PATH, b"[7, 8, 9]"))
        until(lambda: queued(client) == 3)
        gone.close()
        until(lambda: queued(client) == 0)
        desk.go.set()

        assert client.post(PATH, [1]).answers == [{"twice": 2}]
    assert desk.batches == [[100], [1]]


def test_clients_that_go_away_at_every_stage_leave_the_server_answering(
    desk: HeldDesk, pool: ThreadPoolExecutor
) -> None:
    request = posted(PATH, b"[7, 8, 9]")
    with running(held_application(desk)) as client:
        for end in range(1, len(request) + 1, 7):
            client.connect(request[:end]).close()
        with held(desk, client, pool):
            running_ = client.connect(request)
            until(lambda: queued(client) == 3)
        running_.close()

        assert client.post(PATH, [1]).answers == [{"twice": 2}]
        assert client.get("/readyz").status == 200


def test_a_thread_that_died_makes_the_server_not_ready(desk: HeldDesk) -> None:
    with running(held_application(desk)) as client:
        refused = client.post(PATH, [-3])
        until(lambda: client.get("/readyz").status == 503)

        assert refused.status == 503
        assert client.post(PATH, [1]).status == 503
        assert client.get("/healthz").status == 200


def test_long_requests_are_streamed_line_by_line_as_they_are_computed(desk: HeldDesk) -> None:
    with running(held_application(desk, max_batch_size=2)) as client:
        reply = client.post(PATH, [1, 2, 3, 4, 5], accept="application/x-ndjson")

        assert reply.headers["content-type"].startswith("application/x-ndjson")
        assert reply.body.splitlines() == [b'{"twice":%d}' % (2 * number) for number in (1, 2, 3, 4, 5)]


def test_a_stream_begins_before_its_end_is_computed(desk: HeldDesk) -> None:
    request = posted(PATH, b"[1, 2]").replace(b"\r\n\r\n", b"\r\nAccept: application/x-ndjson\r\n\r\n", 1)
    with running(held_application(desk, max_batch_size=1)) as client:
        desk.hold()
        connection = client.connect(request)
        assert desk.is_held.wait(TIMEOUT_S)
        desk.is_held.clear()
        desk.go.set()
        desk.go.clear()
        received = b""
        until(lambda: desk.is_held.is_set() or len(desk.batches) == 2)
        while b'{"twice":2}' not in received:
            received += connection.recv(4096)
        assert b'{"twice":4}' not in received
        desk.go.set()
        while b'{"twice":4}' not in received:
            received += connection.recv(4096)
        connection.close()


def test_what_goes_wrong_in_a_stream_is_its_last_line(desk: HeldDesk) -> None:
    with running(held_application(desk, max_batch_size=1)) as client:
        lines = client.post(PATH, [1, -1, 2], accept="application/x-ndjson").body.splitlines()
        refused = client.post(PATH, [-1], accept="application/x-ndjson")

    assert lines[0] == b'{"twice":2}'
    assert b'"status":422' in lines[1]
    assert len(lines) == 2
    assert refused.status == 422


@pytest.mark.parametrize("is_chunked", [False, True], ids=["declared", "chunked"])
def test_a_body_is_bounded_while_it_is_read(desk: HeldDesk, is_chunked: bool) -> None:
    limit = 1 << 16
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    piece = b" " * 4096
    with running(held_application(desk, max_body_size=limit)) as client:
        if is_chunked:
            connection = client.connect(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(limit // len(piece) + 1):  # and there would be no end
                connection.sendall(b"1000\r\n" + piece + b"\r\n")
        else:
            connection = client.connect(f"{head}Content-Length: {1 << 40}\r\n\r\n".encode())
        received = connection.recv(4096)

        assert received.startswith(b"HTTP/1.1 413 ")
        connection.close()
        assert client.post(PATH, [1]).status == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[NaN]", "application/json", 400),
        (b'["\\ud800"]', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"[1]", "text/plain", 415),
        (b"[1]", "", 415),
    ],
    ids=["empty", "no text", "NaN", "surrogate", "deep", "plain text", "no type"],
)
def test_a_wrong_body_is_refused_in_json(desk: HeldDesk, body: bytes, content_type: str, status: int) -> None:
    with running(held_application(desk)) as client:
        reply = client.post(PATH, body, content_type)

    assert reply.status == status
    assert reply.json["status"] == status
    assert len(reply.body) < 1000


def test_other_paths_and_methods_are_refused_in_json(desk: HeldDesk) -> None:
    with running(held_application(desk)) as client:
        assert client.get("/models/other").json["status"] == 404
        assert client.get(PATH).json["status"] == 405


def test_a_model_is_ready_once_it_has_answered_a_row(desk: HeldDesk, pool: ThreadPoolExecutor) -> None:
    desk.hold()
    making = pool.submit(held_service, desk)
    assert desk.is_held.wait(TIMEOUT_S)

    assert not making.done()
    desk.go.set()
    service = making.result(TIMEOUT_S)

    assert service.is_ready
    service.stop()


def test_a_model_is_replaced_without_losing_a_request(desk: HeldDesk, pool: ThreadPoolExecutor) -> None:
    metrics, newer = Metrics(), HeldDesk()
    service = held_service(desk, metrics=metrics)
    with running(make_application({"m": service}, metrics=metrics)) as client:
        with held(desk, client, pool) as running_:
            waiting = pool.submit(client.post, PATH, [1])
            until(lambda: queued(client) == 1)
            replacing = pool.submit(service.replace, Model(desk=newer, family="held", digest="sha256:2"))
            until(lambda: service.current.model.digest == "sha256:2")
            after = client.post(PATH, [2])
        replacing.result(TIMEOUT_S)

        assert [running_.result().json["digest"], waiting.result().json["digest"]] == ["sha256:1"] * 2
        assert (after.json["digest"], after.answers) == ("sha256:2", [{"twice": 4}])
        assert client.get("/models/m").json["digest"] == "sha256:2"


def test_a_model_that_can_not_answer_takes_no_place(desk: HeldDesk) -> None:
    class Failing(HeldDesk):
        def compute(self, contents: Any) -> Any:
            raise ValueError("no")

    service = held_service(desk)

    with pytest.raises(ModelFailedError):
        service.replace(Model(desk=Failing(), family="held"))

    assert service.is_ready
    service.stop()


def test_the_server_is_known_by_its_names_alone_and_lets_tokens_in(desk: HeldDesk) -> None:
    metrics = Metrics()
    guards: list[Guard] = [HostGuard(["localhost", "::1"]), TokenGuard(["one", "sécret"])]
    app = make_application({"m": held_service(desk)}, metrics=metrics, guards=guards)
    with running(app) as client:
        good = {"Host": "localhost:8000", "Authorization": "Bearer one"}
        statuses = [
            client.get("/models", **{**good, **other}).status
            for other in [
                {},
                {"Host": "evil.example"},
                {"Host": "[::1]:8000"},
                {"Authorization": "Bearer two"},
                {"Authorization": "Basic one"},
                {"Authorization": "Bearer "},
                {"Authorization": "Bearer one two"},
            ]
        ]
        refused = client.post(PATH, [1], Host="localhost")
        protected = [client.get(path, Host="localhost").status for path in ("/metrics", "/openapi.json")]
        health = [client.get(path, Host="10.0.0.7").status for path in ("/healthz", "/readyz")]

    assert statuses == [200, 421, 200, 401, 401, 401, 401]
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert (protected, health) == ([401, 401], [200, 200])


def test_stopping_answers_what_was_taken_and_closes_idle_connections(
    desk: HeldDesk, pool: ThreadPoolExecutor
) -> None:
    with running(held_application(desk)) as client:
        idle = client.connect(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while b"alive" not in received:
            received += idle.recv(4096)
        with held(desk, client, pool) as running_:
            waiting = pool.submit(client.post, PATH, [1])
            until(lambda: queued(client) == 1)
            client.stop()
            until(lambda: not listens(client))

        assert (running_.result().status, waiting.result().answers) == (200, [{"twice": 2}])
        assert idle.recv(4096) == b""

"""What a client sees while models are loaded, and when one server takes over from another."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nested_lightning.app.serving.not_ready import answering_not_ready
from nested_lightning.app.serving.program import listen_at
from tests.serving import Client, listens, until


@pytest.mark.slow
def test_no_connection_is_broken_when_one_server_takes_over_from_another() -> None:
    stopped = threading.Event()
    with listen_at("127.0.0.1", 0) as listening, ThreadPoolExecutor(3) as pool:
        client = Client(listening.getsockname()[1])

        def ask_on() -> set[int]:
            seen = set()
            while not stopped.is_set():
                seen.add(client.get("/readyz").status)
            return seen

        with answering_not_ready(listening):
            until(lambda: listens(client))
            asking = [pool.submit(ask_on) for _ in range(3)]
        for _ in range(8):
            with answering_not_ready(listening):
                stopped.wait(0.1)
        with answering_not_ready(listening):
            stopped.set()
            seen = [each.result() for each in asking]

    assert seen == [{503}] * 3

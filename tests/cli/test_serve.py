"""`serve` as a process: how it starts, loads changed checkpoints, and ends."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

import nested_lightning as nl
from nested_lightning.settings.application import change_settings
from tests.command_line import MAIN, PROJECT, Program
from tests.conftest import make_small_settings, write_small_csv
from tests.serving import Client, listens, posted, serving, until

ROW = {"kar0": 0.5, "kar1": 1.0, "kar2": -1.0, "fou0": 0.25, "fou1": 2.0}
MANY = json.dumps({"rows": [ROW] * 20_000}).encode()
STREAM = posted("/models/m/predict", MANY).replace(b"Host:", b"Accept: application/x-ndjson\r\nHost:", 1)
NUM_CLIENTS = 50
ONE_EPOCH = {"trainer.max_epochs": 1}


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkpoint, and another one of the same model, which answers differently."""
    folder = tmp_path_factory.mktemp("trained")
    settings = make_small_settings(write_small_csv(folder / "shapes.csv"), folder / "run")
    nl.bootstrap(change_settings(settings, ONE_EPOCH)).multi_feature.training_run()()
    first = folder / "run" / "checkpoints" / "best.ckpt"
    content = torch.load(first, weights_only=True)
    *_, last = (
        name for name in content["state_dict"] if name.startswith("head.") and name.endswith("weight")
    )
    content["state_dict"][last] *= -2
    torch.save(content, folder / "second.ckpt")
    return first, folder / "second.ckpt"


def probabilities(reply: Any) -> list[float]:
    return [*reply.answers[0]["probabilities"].values()]


def expected(checkpoint: Path) -> Any:
    found = nl.from_checkpoint(checkpoint).multi_feature.predictor().predict(ROW)
    return pytest.approx(found.probabilities[0].tolist(), abs=1e-5)


@pytest.mark.slow
def test_help_needs_neither_torch_nor_fastapi(tmp_path: Path) -> None:
    code = (
        "import sys; from nested_lightning.commands.program import app;"
        " app(['serve', '--help'], standalone_mode=False);"
        " print(*sorted({'torch', 'fastapi', 'uvicorn', 'pyarrow'} & {*sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert "--max-batch-size" in done.stdout
    assert done.stderr == "\n"


@pytest.mark.slow
def test_it_lives_before_it_is_ready(checkpoints: tuple[Path, Path], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = Client(free.getsockname()[1])
    arguments = [f"{name}={checkpoints[0]}" for name in "abc"]
    command = [sys.executable, str(MAIN), "serve", *arguments, "--port", str(client.port)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: listens(client))
            alive = client.get("/healthz").status
            readiness = [client.get("/readyz").status]
            while readiness[-1] == 503:
                readiness.append(client.get("/readyz").status)
            answers = [client.predict(name, {"rows": [ROW]}).status for name in "abc"]
        finally:
            process.kill()

    assert (alive, len(readiness) > 1, {*readiness[:-1]}) == (200, True, {503})
    assert (readiness[-1], answers) == (200, [200, 200, 200])


@pytest.mark.slow
def test_what_can_not_start_says_so_in_a_line(
    program: Program, checkpoints: tuple[Path, Path], tmp_path: Path
) -> None:
    good, _ = checkpoints
    (tmp_path / "bad.ckpt").write_bytes(good.read_bytes()[:1000])
    (tmp_path / "empty.txt").write_text("\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        cases = {
            "bad.ckpt": (f"m={tmp_path / 'bad.ckpt'}",),
            "none.ckpt": ("m=none.ckpt",),
            "--port": (f"m={good}", "--port", port),
            "same name": (f"m={good}", f"m={good}"),
            "called multi-feature": (str(good), f"multi-feature={good}", "--port", "0"),
            "a name has": (f"m/n={good}",),
            "--token-file FILE": (f"m={good}", "--host", "0.0.0.0"),
            "holds no token": (f"m={good}", "--token-file", "empty.txt"),
            "max_rows": (f"m={good}", "--max-rows", "0"),
            "none of the checkpoints": (
                f"m={good}",
                "--port",
                "0",
                "--override",
                "variant.head=torch.nn:Identity",
            ),
        }
        for words, arguments in cases.items():
            done = program("serve", *arguments)

            assert done.returncode == 2, done.stderr
            assert words.replace("max_rows", "--max-rows") in done.stderr
            assert "Traceback" not in done.stderr
            assert done.stdout == ""


@pytest.mark.slow
def test_a_changed_checkpoint_is_loaded_while_clients_ask_and_none_is_lost_to_a_stop(
    checkpoints: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = checkpoints
    served, wanted = tmp_path / "served.ckpt", [expected(file) for file in checkpoints]
    shutil.copy(first, served)
    signalled = threading.Event()
    with serving(
        f"m={served}", "--reload", "--reload-interval-s", "0.1", "--stop-timeout-s", "5", folder=tmp_path
    ) as server:
        client = server.client
        digests = {client.get("/models/m").json["digest"]}

        def ask(_: int) -> list[tuple[str, list[float]]]:
            found: list[tuple[str, list[float]]] = []
            while server.process.poll() is None:
                is_late = signalled.is_set()
                try:
                    reply = client.predict("m", {"rows": [ROW]})
                except ConnectionError:
                    assert is_late  # else it was taken
                    return found
                found.append((reply.json["digest"], probabilities(reply)))
            return found

        with ThreadPoolExecutor(NUM_CLIENTS) as pool, ExitStack() as stack:
            asking = [pool.submit(ask, number) for number in range(NUM_CLIENTS)]
            stack.callback(server.process.terminate)
            _replace(served, second.read_bytes())
            until(lambda: client.get("/models/m").json["digest"] not in digests)
            _replace(served, second.read_bytes()[:5000])
            until(lambda: 'result="failed"} 1.0' in client.get("/metrics").body.decode())
            assert probabilities(client.predict("m", {"rows": [ROW]})) == wanted[1]
            idle = client.connect(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            stream = client.connect(STREAM)
            assert stream.recv(100).startswith(b"HTTP/1.1 200 OK")  # and nobody reads on
            signalled.set()
            server.process.send_signal(signal.SIGTERM)
            assert server.wait() == 0
            idle.close()
            stream.close()
            found = [each for one in asking for each in one.result()]

    by_digest = {digest: wanted[digest not in digests] for digest, _ in found}
    assert len(by_digest) == 2
    assert all(answer == by_digest[digest] for digest, answer in found)
    assert "Traceback" not in (tmp_path / "errors.txt").read_text()


def _replace(file: Path, content: bytes) -> None:
    beside = file.with_suffix(".new")
    beside.write_bytes(content)
    beside.rename(file)


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(checkpoints: tuple[Path, Path], tmp_path: Path) -> None:
    with serving(f"m={checkpoints[0]}", folder=tmp_path) as server:
        stream = server.client.connect(STREAM)
        assert stream.recv(100).startswith(b"HTTP/1.1 200 OK")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not listens(server.client))
        server.process.send_signal(signal.SIGTERM)

        assert server.wait(10) == 1
        stream.close()


DYING = """
import sys
from pathlib import Path
from nested_lightning.app.multi_feature.desk import MultiFeatureDesk
from nested_lightning.commands.program import run
compute = MultiFeatureDesk.compute
def die(desk, contents):
    if Path("die").exists():
        raise SystemExit
    return compute(desk, contents)
MultiFeatureDesk.compute = die
run()
"""


@pytest.mark.slow
def test_it_ends_with_a_status_when_a_models_thread_dies(
    checkpoints: tuple[Path, Path], tmp_path: Path
) -> None:
    with serving(f"m={checkpoints[0]}", folder=tmp_path, program=["-c", DYING]) as server:
        before = server.client.predict("m", {"rows": [ROW]})
        (tmp_path / "die").touch()
        refused = server.client.predict("m", {"rows": [ROW]})

        assert server.wait() == 1
    assert (before.status, refused.status) == (200, 503)
    assert "the thread of m ended with SystemExit" in (tmp_path / "errors.txt").read_text()

"""Requests of every kind, a third of them malformed, to a real server.

Run ``python -m tests.campaign.serving --seed 0 --count 10000``. It holds if no status is 500 or above, every
refusal is a problem in valid JSON of bounded size, each right row gets its own answer, and memory stays flat
after the first thousand.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nested_lightning as nl
from tests.conftest import make_small_settings, write_small_csv
from tests.serving import JSON, Client, Reply, form, serving

PATH = "/models/m/predict"
COLUMNS = ("kar0", "kar1", "kar2", "fou0", "fou1")
MAX_REFUSAL = 20_000
MAX_GROWTH = 1.1
_CELLS: tuple[Any, ...] = (
    *(None, True, "x", "", "NaN", [], [1], {}, {"a": {"b": []}}, 1e308, -(10**400), "\u0000", "é" * 5000),
)
_SCRAPS = (
    b"\xff",
    b"\x00",
    b'"\\ud800"',
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"[",
    b"}",
    b",",
    b"\\",
    b'"',
    b"{" * 500,
)
_TYPES = (
    "text/plain",
    "",
    "application/json; charset=utf-16",
    "text/csv",
    "multipart/form-data",
    "image/png",
    "x",
)


class Case:
    """Makes requests of one seed.

    Args:
        number: Which one.
        seed: Of all.
    """

    def __init__(self, number: int, seed: int) -> None:
        self.draw = random.Random(f"{seed}/{number}")
        self.rows = [self._row() for _ in range(self.draw.choice((1, 1, 1, 3, 70)))]
        self.is_right = number % 3 != 0

    def send(self, client: Client) -> Reply:
        """Send the request, right or wrong."""
        if self.is_right:
            return self._send_right(client)
        wrong: Callable[[Client], Reply] = self.draw.choice(
            (self._wrong_cell, self._wrong_row, self._wrong_body, self._wrong_bytes, self._wrong_type)
        )
        return wrong(client)

    def _row(self) -> dict[str, Any]:
        return {name: round(self.draw.uniform(-3, 3), 4) for name in COLUMNS}

    def _csv(self) -> bytes:
        lines = [",".join(str(row[name]) for name in COLUMNS) for row in self.rows]
        return "\n".join([",".join(COLUMNS), *lines]).encode()

    def _send_right(self, client: Client) -> Reply:
        kind = self.draw.randrange(4)
        if kind == 0:
            return client.post(PATH, self._csv(), "text/csv")
        if kind == 1:
            return client.post(PATH, *form(("file", "rows.csv", self._csv())))
        return client.post(PATH, {"rows": self.rows})

    def _wrong_cell(self, client: Client) -> Reply:
        self.draw.choice(self.rows)[self.draw.choice(COLUMNS)] = self.draw.choice(_CELLS)
        return client.post(PATH, {"rows": self.rows})

    def _wrong_row(self, client: Client) -> Reply:
        where = self.draw.randrange(len(self.rows))
        broken: list[Any] = [*self.rows]
        broken[where] = self.draw.choice([*_CELLS, {"kar0": 1.0}, {}, {"é" * 1000: 1}])
        return client.post(PATH, {"rows": broken})

    def _wrong_body(self, client: Client) -> Reply:
        bodies: list[Any] = [
            {},
            [],
            None,
            1,
            {"rows": 1},
            {"rows": []},
            {"row": self.rows},
            {"rows": self.rows, "x": 1},
        ]
        return client.post(PATH, self.draw.choice(bodies))

    def _wrong_bytes(self, client: Client) -> Reply:
        kinds = [(json.dumps({"rows": self.rows}).encode(), JSON), (self._csv(), "text/csv")]
        body, content_type = self.draw.choice([*kinds, form(("file", "rows.csv", self._csv()))])
        for _ in range(self.draw.randrange(1, 4)):
            start = self.draw.randrange(len(body))
            end = start + self.draw.choice((0, 1, 5, len(body)))
            body = body[:start] + self.draw.choice((b"", *_SCRAPS)) + body[end:]
        return client.post(PATH, body or b" ", content_type)

    def _wrong_type(self, client: Client) -> Reply:
        return client.post(PATH, {"rows": self.rows}, self.draw.choice(_TYPES))


def find_fault(case: Case, reply: Reply, predict: Callable[[Any], Any]) -> str:
    """Return what is wrong with a reply; empty: nothing."""
    if reply.status >= 500:
        return f"status {reply.status}: {reply.body[:200]!r}"
    try:
        told = json.loads(reply.body, parse_constant=_refuse)
    except ValueError as error:
        return f"no JSON: {error}"
    if reply.status != 200:
        is_problem = told["status"] == reply.status and len(reply.body) <= MAX_REFUSAL
        return f"status {reply.status} of a right request" if case.is_right or not is_problem else ""
    if not case.is_right:
        return ""  # some changes leave a request right
    wanted = predict(case.rows)
    given = [[*one["probabilities"].values()] for one in told["answers"]]
    pairs = zip(given, wanted, strict=True) if len(given) == len(wanted) else [([0.0], [1.0])]
    is_same = all(abs(a - b) < 1e-5 for row, other in pairs for a, b in zip(row, other, strict=True))
    return "" if is_same else "the answer is another one"


def _refuse(name: str) -> None:
    raise ValueError(name)


def run(seed: int, count: int, num_clients: int = 16) -> list[str]:
    """Send requests, and return what is wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = make_small_settings(write_small_csv(folder / "shapes.csv"), folder / "run")
        nl.bootstrap(settings).multi_feature.training_run()()
        predictor = nl.from_checkpoint(folder / "run").multi_feature.predictor()

        def predict(rows: Any) -> Any:
            return predictor.predict(rows).probabilities.tolist()

        with serving(f"m={folder / 'run'}", folder=folder) as server:
            return _ask(server.client, server.process.pid, seed, count, num_clients, predict)


def _ask(client: Client, process: int, seed: int, count: int, num_clients: int, predict: Any) -> list[str]:
    statuses: Counter[int] = Counter()

    def ask(number: int) -> str:
        case = Case(number, seed)
        reply = case.send(client)
        statuses[reply.status] += 1
        fault = find_fault(case, reply, predict)
        return f"request {number}: {fault}" if fault else ""

    warm = min(1000, count // 2)
    with ThreadPoolExecutor(num_clients) as pool:
        faults = [*pool.map(ask, range(warm))]
        before = _memory(process)
        faults += pool.map(ask, range(warm, count))
    after = _memory(process)
    print(f"{count} requests, seed {seed}: {dict(statuses)}; {before >> 20} MiB, then {after >> 20} MiB")
    if after > MAX_GROWTH * before:
        faults.append(f"memory grew from {before:,} to {after:,} bytes")
    return [fault for fault in faults if fault]


def _memory(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    faults = run(options.seed, options.count)
    print(*faults[:50], sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
